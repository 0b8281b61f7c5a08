/**
 * What a policy costs per call when all goes well, against cockatiel and opossum, in one process and one run. Rounds of
 * the rivals alternate, so that whatever else the machine does hits each alike; the figure is the median round.
 */
import * as cockatiel from "cockatiel";
import CircuitBreaker from "opossum";
import { createBulkhead, createCircuitBreaker, policy } from "@ai-orchestra/resilience";

const ROUNDS = 25;
const CALLS_PER_ROUND = 10_000;
const TIMEOUT_MS = 1000;
const MAX_CONCURRENT = 64;
const OPEN_FOR_MS = 30_000;
const FAILURES = 5;

const clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout,
  clearTimeout,
};

async function answer() {
  return 42;
}

/** An operation that can be cancelled has to read its signal, and so makes somebody create it. */
async function answerWithSignal({ signal }) {
  return signal.aborted ? 0 : 42;
}

function createOurBreaker() {
  return createCircuitBreaker({
    name: "bench",
    clock,
    trigger: { kind: "consecutive", failures: FAILURES },
    openForMs: OPEN_FOR_MS,
  });
}

function createOurRateBreaker() {
  return createCircuitBreaker({
    name: "bench",
    clock,
    trigger: { kind: "time-window", windowMs: 10_000, minimumCalls: 20, failureRate: 0.5 },
    openForMs: OPEN_FOR_MS,
  });
}

const RETRY = { attempts: 3, baseDelayMs: 100, maxDelayMs: 1000, random: Math.random };

function createOurPolicy(retry) {
  return policy({
    name: "bench",
    clock,
    retry,
    breaker: createOurBreaker(),
    bulkhead: createBulkhead({ name: "bench", clock, maxConcurrent: MAX_CONCURRENT, maxQueued: MAX_CONCURRENT }),
    timeout: TIMEOUT_MS,
  });
}

function createCockatielBreaker(breaker) {
  return cockatiel.circuitBreaker(cockatiel.handleAll, { halfOpenAfter: OPEN_FOR_MS, breaker });
}

function createCockatielGuards() {
  return [
    createCockatielBreaker(new cockatiel.ConsecutiveBreaker(FAILURES)),
    cockatiel.bulkhead(MAX_CONCURRENT, MAX_CONCURRENT),
    cockatiel.timeout(TIMEOUT_MS, cockatiel.TimeoutStrategy.Aggressive),
  ];
}

function createCockatielRetry() {
  return cockatiel.retry(cockatiel.handleAll, { maxAttempts: 2, backoff: new cockatiel.ExponentialBackoff() });
}

function createOpossum(options) {
  return new CircuitBreaker(answer, { resetTimeout: OPEN_FOR_MS, ...options });
}

/** Each row makes one call per rival; the first rival is ours. `signal` gives every call a caller who could cancel. */
function createRows() {
  const ourBreaker = createOurBreaker();
  const ourRateBreaker = createOurRateBreaker();
  const ourGuards = createOurPolicy(undefined);
  const ourPolicy = createOurPolicy(RETRY);
  const cockatielBreaker = createCockatielBreaker(new cockatiel.ConsecutiveBreaker(FAILURES));
  const cockatielRateBreaker = createCockatielBreaker(
    new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
  );
  const cockatielGuards = cockatiel.wrap(...createCockatielGuards());
  const cockatielPolicy = cockatiel.wrap(createCockatielRetry(), ...createCockatielGuards());
  const opossumBreaker = createOpossum({ timeout: false });
  const opossumPolicy = createOpossum({ timeout: TIMEOUT_MS, capacity: MAX_CONCURRENT });
  const rows = [
    {
      name: "breaker alone, consecutive failures",
      rivals: {
        ours: () => ourBreaker.execute(answer),
        cockatiel: () => cockatielBreaker.execute(answer),
      },
    },
    {
      name: "breaker alone, rate in a time window",
      rivals: {
        ours: () => ourRateBreaker.execute(answer),
        cockatiel: () => cockatielRateBreaker.execute(answer),
        opossum: () => opossumBreaker.fire(),
      },
    },
    {
      name: "breaker + bulkhead + timeout",
      rivals: {
        ours: () => ourGuards.execute(answer),
        cockatiel: () => cockatielGuards.execute(answer),
        opossum: () => opossumPolicy.fire(),
      },
    },
    {
      name: "retry + breaker + bulkhead + timeout (opossum has no retry)",
      rivals: {
        ours: () => ourPolicy.execute(answer),
        cockatiel: () => cockatielPolicy.execute(answer),
        opossum: () => opossumPolicy.fire(),
      },
    },
    {
      name: "the same, with an operation that reads its signal",
      rivals: {
        ours: () => ourPolicy.execute(answerWithSignal),
        cockatiel: () => cockatielPolicy.execute(answerWithSignal),
      },
    },
    {
      name: "the same, and every caller with a signal too",
      rivals: {
        ours: () => ourPolicy.execute(answerWithSignal, { signal: new AbortController().signal }),
        cockatiel: () => cockatielPolicy.execute(answerWithSignal, new AbortController().signal),
      },
    },
  ];
  const close = () => {
    opossumBreaker.shutdown();
    opossumPolicy.shutdown();
  };
  return { rows, close };
}

/** Nanoseconds per call, with `inFlight` callers that each call again when they have their answer. */
async function measureRound(call, inFlight) {
  const callsPerCaller = CALLS_PER_ROUND / inFlight;
  const runCaller = async () => {
    for (let done = 0; done < callsPerCaller; done += 1) await call();
  };
  const startedAtNs = process.hrtime.bigint();
  await Promise.all(Array.from({ length: inFlight }, runCaller));
  return Number(process.hrtime.bigint() - startedAtNs) / CALLS_PER_ROUND;
}

function findMedian(values) {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}

async function measureRow({ rivals }, inFlight) {
  const rounds = Object.fromEntries(Object.keys(rivals).map((rival) => [rival, []]));
  for (const call of Object.values(rivals)) await measureRound(call, inFlight);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [rival, call] of Object.entries(rivals)) rounds[rival].push(await measureRound(call, inFlight));
  }
  return Object.fromEntries(Object.entries(rounds).map(([rival, values]) => [rival, findMedian(values)]));
}

const { rows, close } = createRows();
let isWithinTarget = true;
console.log(`ns per call, median of ${ROUNDS} rounds of ${CALLS_PER_ROUND} calls; node ${process.versions.node}`);
for (const row of rows) {
  for (const inFlight of [1, 50]) {
    const medians = await measureRow(row, inFlight);
    const cells = Object.entries(medians).map(([rival, ns]) => {
      const ratio = medians.ours / ns;
      if (ratio > 1) isWithinTarget = false;
      return rival === "ours"
        ? `ours ${ns.toFixed(0)}`
        : `${rival} ${ns.toFixed(0)} (ours is ${ratio.toFixed(2)} of it)`;
    });
    console.log(`${row.name}, ${inFlight} in flight: ${cells.join(", ")}`);
  }
}
close();
console.log(
  isWithinTarget ? "target met: at most theirs in every row" : "target missed: dearer than a rival in some row",
);
if (!isWithinTarget) process.exitCode = 1;

import { createMessage } from "./contract.mjs";
import { RIVALS } from "./rivals.mjs";

const [, , name, url] = process.argv;
const { ask, run = (work) => work() } = await RIVALS[name].open(url);

process.on("message", ({ inFlight, durationMs }) => {
  measure(inFlight, durationMs).then((result) => process.send(result), fail);
});
process.on("disconnect", () => process.exit(0));
process.send("ready");

function fail(error) {
  console.error(error);
  process.exit(1);
}

/** Keeps `inFlight` calls going for a while; each answer is checked and starts the next call. */
async function measure(inFlight, durationMs) {
  const latenciesMs = [];
  let calls = 0;
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const endAt = startedAt + durationMs;
  const loop = async () => {
    while (performance.now() < endAt) {
      calls += 1;
      const order = calls;
      const askedAt = performance.now();
      const answer = await ask(createMessage(order));
      latenciesMs.push(performance.now() - askedAt);
      if (answer.order !== order) throw new Error("the answer belongs to another call");
    }
  };
  await run(async () => {
    await Promise.all(Array.from({ length: inFlight }, loop));
  });
  const tookMs = performance.now() - startedAt;
  const cpu = process.cpuUsage(cpuBefore);
  latenciesMs.sort((a, b) => a - b);
  return {
    calls,
    callsPerSecond: (calls * 1_000) / tookMs,
    medianMs: latenciesMs[Math.floor(latenciesMs.length / 2)],
    p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)],
    clientMicrosPerCall: (cpu.user + cpu.system) / calls,
  };
}

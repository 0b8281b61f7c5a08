/** Faults of widely used breakers, each reproduced in the library first and then shown to be absent here. */
import {
  circuitBreaker,
  ConsecutiveBreaker,
  handleAll,
  SamplingBreaker,
  timeout,
  TimeoutStrategy,
  wrap,
} from "cockatiel";
import OpossumBreaker from "opossum";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Call } from "../call/call.js";
import { createBulkhead } from "../concurrency/bulkhead.js";
import { policy } from "../policy/policy.js";
import { ManualClock } from "../testing/manual-clock.js";
import { defer, hang, rejectOnAbort, type Deferred } from "../testing/operations.js";
import { createCircuitBreaker, type CircuitBreaker } from "./circuit-breaker.js";

const BROKEN = new Error("connection refused");

function fail(): Promise<never> {
  return Promise.reject(BROKEN);
}

function createOurs(clock: ManualClock, openForMs = 1000): CircuitBreaker {
  const trigger = { kind: "consecutive", failures: 2 } as const;
  return createCircuitBreaker({ name: "ours", clock, trigger, openForMs, halfOpen: { deadlineMs: 2000 } });
}

async function open(breaker: CircuitBreaker): Promise<void> {
  await Promise.allSettled([breaker.execute(fail), breaker.execute(fail)]);
  expect(breaker.state.kind).toBe("open");
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
});
afterEach(() => void vi.useRealTimers());

describe("a full bulkhead is not a broken dependency", () => {
  it("opens opossum although no call failed", async () => {
    const theirs = new OpossumBreaker(() => new Promise((resolve) => setTimeout(resolve, 100, "fine")), {
      timeout: false,
      capacity: 1,
      volumeThreshold: 2,
      errorThresholdPercentage: 50,
    });
    const calls = Promise.allSettled(Array.from({ length: 5 }, () => theirs.fire()));
    await vi.advanceTimersByTimeAsync(100);
    await calls;
    expect(theirs.opened).toBe(true);
    theirs.shutdown();
  });

  it("leaves our circuit closed", async () => {
    const clock = new ManualClock();
    const breaker = createOurs(clock);
    const bulkhead = createBulkhead({ name: "one", clock, maxConcurrent: 1 });
    const bounded = policy({ name: "bounded", clock, breaker, bulkhead });
    const first = defer<string>();
    const running = bounded.execute(() => first.promise);
    const refused = Array.from({ length: 5 }, () => bounded.execute(() => "never run"));
    for (const call of refused) await expect(call).rejects.toMatchObject({ code: "queue_full" });
    first.resolve("fine");
    await expect(running).resolves.toBe("fine");
    expect(breaker.state.kind).toBe("closed");
  });
});

describe("a success from before the circuit opened is stale", () => {
  it("closes a half-open opossum that has sent no probe yet", async () => {
    const slow = defer<string>();
    const theirs = new OpossumBreaker((mode: string) => (mode === "slow" ? slow.promise : fail()), {
      timeout: false,
      volumeThreshold: 2,
      resetTimeout: 1000,
    });
    const stale = theirs.fire("slow");
    await Promise.allSettled([theirs.fire("fail"), theirs.fire("fail")]);
    expect(theirs.opened).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(theirs.halfOpen).toBe(true);
    slow.resolve("fine, but old");
    await stale;
    expect(theirs.closed).toBe(true);
    theirs.shutdown();
  });

  it("changes nothing in ours, nor does a stale failure when half-open", async () => {
    const clock = new ManualClock();
    const breaker = createOurs(clock);
    const [staleSuccess, staleFailure] = [defer<string>(), defer<string>()];
    const stale = [breaker.execute(() => staleSuccess.promise), breaker.execute(() => staleFailure.promise)];
    await open(breaker);
    staleSuccess.resolve("fine, but old");
    await stale[0];
    expect(breaker.state.kind).toBe("open");

    await clock.advance(1000);
    const probe = breaker.acquire();
    staleFailure.reject(BROKEN);
    await expect(stale[1]).rejects.toBe(BROKEN);
    expect(breaker.state).toMatchObject({ kind: "half-open", probesInFlight: 1 });
    probe.succeed();
    expect(breaker.state.kind).toBe("closed");
  });
});

describe("a probe that hangs", () => {
  it("leaves opossum half-open for ever", async () => {
    const probe: Deferred<string> = defer();
    const theirs = new OpossumBreaker((mode: string) => (mode === "hang" ? probe.promise : fail()), {
      timeout: false,
      volumeThreshold: 1,
      resetTimeout: 1000,
    });
    await Promise.allSettled([theirs.fire("fail")]);
    await vi.advanceTimersByTimeAsync(1000);
    const hung = theirs.fire("hang");
    await vi.advanceTimersByTimeAsync(3_600_000);
    await expect(theirs.fire("fail")).rejects.toMatchObject({ code: "EOPENBREAKER" });
    expect(theirs.halfOpen || theirs.pendingClose).toBe(true);
    probe.resolve("at last");
    await hung;
    theirs.shutdown();
  });

  it("counts as a failure in ours at its deadline, and the next probe gets its turn", async () => {
    const clock = new ManualClock();
    const breaker = createOurs(clock);
    await open(breaker);
    await clock.advance(1000);
    const hung = breaker.execute(hang);
    const verdict = expect(hung).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(2000);
    await verdict;
    expect(breaker.state).toMatchObject({ kind: "open", cause: "probe" });
    await clock.advance(1000);
    await expect(breaker.execute(() => "fine")).resolves.toBe("fine");
    expect(breaker.state.kind).toBe("closed");
  });
});

describe("an abort belongs to one call", () => {
  it("reaches every call of an opossum as soon as one times out", async () => {
    const abortController = new AbortController();
    const { signal } = abortController;
    const theirs = new OpossumBreaker(() => rejectOnAbort({ signal, attempt: 1, commit: () => undefined }), {
      timeout: 100,
      abortController,
    });
    const first = expect(theirs.fire()).rejects.toMatchObject({ code: "ETIMEDOUT" });
    await vi.advanceTimersByTimeAsync(60);
    const second = expect(theirs.fire()).rejects.toMatchObject({ name: "AbortError" });
    await vi.advanceTimersByTimeAsync(40);
    await Promise.all([first, second]);
    theirs.shutdown();
  });

  it("reaches only the call that timed out in ours", async () => {
    const clock = new ManualClock();
    const limited = policy({ name: "limited", clock, breaker: createOurs(clock), timeout: 100 });
    const signals: AbortSignal[] = [];
    const hangWith = ({ signal }: Call): Promise<never> => {
      signals.push(signal);
      return hang();
    };
    const first = expect(limited.execute(hangWith)).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(60);
    const second = expect(limited.execute(hangWith)).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(40);
    await first;
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
    await clock.advance(60);
    await second;
  });
});

describe("a window forgets what is older than it", () => {
  it("holds nine failures for ten minutes in cockatiel, and opens at a tenth", async () => {
    const breaker = new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 1 });
    const theirs = circuitBreaker(handleAll, { halfOpenAfter: 1000, breaker });
    const states: string[] = [];
    theirs.onBreak(() => states.push("open"));
    for (let call = 0; call < 9; call += 1) await Promise.allSettled([theirs.execute(fail)]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(states).toEqual([]);
    await Promise.allSettled([theirs.execute(fail)]);
    expect(states).toEqual(["open"]);
  });

  it("holds only the tenth in ours", async () => {
    const clock = new ManualClock();
    const trigger = { kind: "time-window", windowMs: 10_000, minimumCalls: 10, failureRate: 0.5 } as const;
    const breaker = createCircuitBreaker({ name: "ours", clock, trigger, openForMs: 1000 });
    for (let call = 0; call < 9; call += 1) await Promise.allSettled([breaker.execute(fail)]);
    await clock.advance(600_000);
    for (let call = 0; call < 9; call += 1) await Promise.allSettled([breaker.execute(fail)]);
    expect(breaker.state.kind).toBe("closed");
    await Promise.allSettled([breaker.execute(fail)]);
    expect(breaker.state.kind).toBe("open");
  });
});

describe("calls beyond the probe of a half-open circuit", () => {
  it("wait in cockatiel for as long as the probe hangs", async () => {
    const theirs = circuitBreaker(handleAll, { halfOpenAfter: 1000, breaker: new ConsecutiveBreaker(1) });
    await Promise.allSettled([theirs.execute(fail)]);
    await vi.advanceTimersByTimeAsync(1000);
    const probe = defer<string>();
    const probing = theirs.execute(() => probe.promise);
    let settled = 0;
    const waiting = Array.from({ length: 100 }, () => theirs.execute(() => "fine").finally(() => (settled += 1)));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(settled).toBe(0);
    probe.resolve("at last");
    await Promise.all([probing, ...waiting]);
  });

  it("are refused at once in ours", async () => {
    const clock = new ManualClock();
    const breaker = createOurs(clock);
    await open(breaker);
    await clock.advance(1000);
    const probe = defer<string>();
    const probing = breaker.execute(() => probe.promise);
    for (let call = 0; call < 100; call += 1) {
      await expect(breaker.execute(() => "never run")).rejects.toMatchObject({ code: "circuit_open" });
    }
    probe.resolve("fine");
    await expect(probing).resolves.toBe("fine");
    expect(breaker.state.kind).toBe("closed");
  });
});

describe("a call whose user went away", () => {
  it("counts against the dependency in cockatiel", async () => {
    const theirs = wrap(
      circuitBreaker(handleAll, { halfOpenAfter: 1000, breaker: new ConsecutiveBreaker(2) }),
      timeout(60_000, TimeoutStrategy.Cooperative),
    );
    for (let call = 0; call < 2; call += 1) {
      const controller = new AbortController();
      const running = theirs.execute(
        (context) => rejectOnAbort({ ...context, attempt: 1, commit: () => undefined }),
        controller.signal,
      );
      const outcome = expect(running).rejects.toThrow();
      controller.abort();
      await vi.advanceTimersByTimeAsync(0);
      await outcome;
    }
    await expect(theirs.execute(() => "fine")).rejects.toMatchObject({ isBrokenCircuitError: true });
  });

  it("says nothing in ours", async () => {
    const clock = new ManualClock();
    const breaker = createOurs(clock);
    const limited = policy({ name: "limited", clock, breaker, timeout: 60_000 });
    for (let call = 0; call < 5; call += 1) {
      const controller = new AbortController();
      const running = limited.execute(rejectOnAbort, { signal: controller.signal });
      controller.abort(new Error("the user left"));
      await expect(running).rejects.toThrow("the user left");
    }
    expect(breaker.state.kind).toBe("closed");
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Call } from "../call/call.js";
import { createCircuitBreaker } from "../circuit-breaker/circuit-breaker.js";
import { createBulkhead } from "../concurrency/bulkhead.js";
import { createLoadShedder } from "../concurrency/load-shedder.js";
import { createRetryBudget } from "../retry/retry-budget.js";
import { ManualClock } from "../testing/manual-clock.js";
import { defer, hang, rejectOnAbort } from "../testing/operations.js";
import { createAdaptiveTimeout } from "../time-limits/adaptive-timeout.js";
import { createDeadline } from "../time-limits/deadline.js";
import { runWithTimeout } from "../time-limits/run-with-timeout.js";
import { policy, POLICY_LAYERS, type PolicyOptions } from "./policy.js";

type Priority = "high" | "low";

function setUp(options: Partial<PolicyOptions<Priority>> = {}) {
  const clock = new ManualClock();
  const trigger = { kind: "consecutive", failures: 3 } as const;
  const breaker = createCircuitBreaker({ name: "model", clock, trigger, openForMs: 30_000 });
  const retry = { attempts: 3, baseDelayMs: 100, maxDelayMs: 1000, random: () => 1 };
  return { clock, breaker, retry, create: () => policy<Priority>({ name: "model", clock, ...options }) };
}

const BROKEN = new Error("connection refused");

describe("a policy", () => {
  it("has its layers in the documented order, whatever order they are given in", () => {
    const { clock, breaker, retry } = setUp();
    const everything = policy<Priority>({
      timeout: 100,
      bulkhead: createBulkhead({ name: "model", clock, maxConcurrent: 1 }),
      breaker,
      hedge: { delayMs: 10, budget: createRetryBudget({ clock }) },
      retry,
      shedder: createLoadShedder<Priority>({
        name: "model",
        readLoad: () => 0,
        random: () => 0,
        ranges: { high: { from: 1, to: 1 }, low: { from: 0.5, to: 1 } },
      }),
      deadlineMs: 1000,
      clock,
      name: "model",
    });
    expect(["fallback", ...everything.layers]).toEqual(POLICY_LAYERS);
  });

  it("without layers just runs the operation, a thrown error included", async () => {
    const { create } = setUp();
    await expect(create().execute(() => "fine")).resolves.toBe("fine");
    const operation = (): never => {
      throw BROKEN;
    };
    await expect(create().execute(operation)).rejects.toBe(BROKEN);
  });

  it("lets the breaker judge every try, and the retry hear that it opened", async () => {
    const { clock, breaker, retry } = setUp();
    const guarded = policy({ name: "model", clock, breaker, retry: { ...retry, attempts: 9 } });
    let calls = 0;
    const running = guarded.execute(() => {
      calls += 1;
      return Promise.reject(BROKEN);
    });
    const outcome = expect(running).rejects.toMatchObject({ code: "circuit_open" });
    await clock.advance(60_000);
    await outcome;
    expect(calls).toBe(3);
  });

  it("gives every try a time limit of its own, and the deadline the last word", async () => {
    const { clock, retry } = setUp();
    const limited = policy({ name: "model", clock, retry, timeout: 1000, deadlineMs: 1500 });
    const startedAtMs: number[] = [];
    const running = limited.execute(() => {
      startedAtMs.push(clock.monotonicMs());
      return hang();
    });
    const outcome = expect(running).rejects.toMatchObject({ code: "deadline_exceeded" });
    await clock.advance(1500);
    await outcome;
    expect(startedAtMs).toEqual([0, 1100]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("keeps to the caller's deadline where that is earlier", async () => {
    const { clock, create } = setUp({ deadlineMs: 5000 });
    const running = create().execute(hang, { deadline: createDeadline(200, clock) });
    const outcome = expect(running).rejects.toMatchObject({ code: "deadline_exceeded" });
    const strict = policy({ name: "model", clock: new ManualClock(), deadlineMs: 5000 });
    expect(strict.layers).toEqual(["deadline"]);
    await clock.advance(200);
    await outcome;
  });

  it("does not count the wait for a place against the time limit", async () => {
    const { clock } = setUp();
    const bulkhead = createBulkhead({ name: "model", clock, maxConcurrent: 1, maxQueued: 1, queueTimeoutMs: 500 });
    const bounded = policy({ name: "model", clock, bulkhead, timeout: 100 });
    const first = defer<string>();
    const firstRunning = bounded.execute(() => first.promise);
    const second = defer<string>();
    const secondRunning = bounded.execute(() => second.promise);
    await clock.advance(90);
    first.resolve("first");
    await firstRunning;
    await clock.advance(90);
    second.resolve("second");
    await expect(secondRunning).resolves.toBe("second");
  });

  it("frees its place while a retry waits", async () => {
    const { clock, retry } = setUp();
    const bulkhead = createBulkhead({ name: "model", clock, maxConcurrent: 1 });
    const bounded = policy({ name: "model", clock, bulkhead, retry });
    const failing = bounded.execute((call) => (call.attempt === 1 ? Promise.reject(BROKEN) : "second try"));
    await clock.advance(50);
    await expect(bounded.execute(() => "meanwhile")).resolves.toBe("meanwhile");
    await clock.advance(50);
    await expect(failing).resolves.toBe("second try");
  });

  it("sheds by priority before anything else is spent", async () => {
    const { clock, breaker, retry } = setUp();
    const shedder = createLoadShedder<Priority>({
      name: "model",
      readLoad: () => 0.9,
      random: () => 0.5,
      ranges: { high: { from: 0.95, to: 1 }, low: { from: 0.5, to: 0.8 } },
    });
    const budget = createRetryBudget({ clock });
    const shedding = policy<Priority>({ name: "model", clock, breaker, shedder, retry: { ...retry, budget } });
    await expect(shedding.execute(() => "never", { priority: "low" })).rejects.toMatchObject({ code: "load_shed" });
    await expect(shedding.execute(() => "fine", { priority: "high" })).resolves.toBe("fine");
    expect(breaker.state.kind).toBe("closed");
  });

  it("passes a commit of a hedged call on to the retry around it", async () => {
    const { clock, retry } = setUp();
    const budget = createRetryBudget({ clock });
    const hedged = policy({ name: "model", clock, retry: { ...retry, budget }, hedge: { delayMs: 10, budget } });
    let calls = 0;
    const operation = (call: Call): Promise<never> => {
      calls += 1;
      call.commit();
      return Promise.reject(BROKEN);
    };
    await expect(hedged.execute(operation)).rejects.toBe(BROKEN);
    expect(calls).toBe(1);
  });

  it("does not blame the dependency for the loser of a hedge", async () => {
    const { clock, breaker } = setUp();
    const budget = createRetryBudget({ clock, capacity: 100 });
    const hedged = policy({ name: "model", clock, breaker, hedge: { delayMs: 10, budget }, timeout: 1000 });
    for (let turn = 0; turn < 10; turn += 1) {
      let calls = 0;
      const running = hedged.execute((call) => ((calls += 1) === 1 ? rejectOnAbort(call) : "second"));
      await clock.advance(10);
      await expect(running).resolves.toBe("second");
    }
    expect(breaker.state.kind).toBe("closed");
  });

  it("teaches an adaptive timeout what calls take", async () => {
    const { clock } = setUp();
    const timeout = createAdaptiveTimeout({ minMs: 10, maxMs: 5000, minimumSamples: 5, windowSize: 5 });
    const adaptive = policy({ name: "model", clock, timeout });
    for (let call = 0; call < 5; call += 1) {
      const running = adaptive.execute(() => new Promise<void>((resolve) => clock.setTimeout(resolve, 100)));
      await clock.advance(100);
      await running;
    }
    expect(timeout.timeoutMs()).toBe(150);
    const outcome = expect(adaptive.execute(hang)).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(150);
    await outcome;
    expect(timeout.timeoutMs()).toBe(225);
  });

  it("serves a fallback, and says so, when the deadline has passed", async () => {
    const { clock, create } = setUp({ deadlineMs: 100 });
    const serving = create().executeWithFallback(hang, [{ name: "cache", run: () => "yesterday's answer" }]);
    await clock.advance(100);
    await expect(serving).resolves.toMatchObject({
      value: "yesterday's answer",
      servedBy: "cache",
      stepIndex: 1,
      failures: [{ step: "model", error: { code: "deadline_exceeded" } }],
    });
  });

  it("reaches the operation through every layer when the caller cancels", async () => {
    const { clock, breaker, retry } = setUp();
    const bulkhead = createBulkhead({ name: "model", clock, maxConcurrent: 1 });
    const full = policy({ name: "model", clock, breaker, bulkhead, retry, timeout: 1000, deadlineMs: 5000 });
    const controller = new AbortController();
    let reason: unknown;
    const running = full.execute(
      (call) => rejectOnAbort(call).catch((error: unknown) => Promise.reject((reason = error) as Error)),
      { signal: controller.signal },
    );
    await clock.advance(10);
    controller.abort("the user left");
    await expect(running).rejects.toBe("the user left");
    expect(reason).toBe("the user left");
    await clock.advance(0);
    expect(bulkhead.running).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("breaker, bulkhead and timeout of a policy", () => {
  const steps = fc.array(
    fc.record({
      answer: fc.constantFrom("succeed", "fail", "hang", "throw"),
      cancel: fc.boolean(),
      pauseMs: fc.constantFrom(0, 5, 60, 400),
    }),
    { maxLength: 25 },
  );
  type Step = { answer: string; cancel: boolean; pauseMs: number };

  function createParts() {
    const clock = new ManualClock();
    const trigger = { kind: "consecutive", failures: 3 } as const;
    const breaker = createCircuitBreaker({ name: "model", clock, trigger, openForMs: 300, slowCallMs: 40 });
    const bulkhead = createBulkhead({ name: "model", clock, maxConcurrent: 2, maxQueued: 1, queueTimeoutMs: 50 });
    return { clock, breaker, bulkhead };
  }

  type Execute = (operation: (call: Call) => Promise<string>, options: { signal: AbortSignal }) => Promise<string>;

  async function trace(
    sequence: readonly Step[],
    { clock, breaker, bulkhead }: ReturnType<typeof createParts>,
    execute: Execute,
  ) {
    const seen: unknown[] = [];
    const describeError = (error: unknown): unknown => (error as { code?: string }).code ?? String(error);
    for (const [index, { answer, cancel, pauseMs }] of sequence.entries()) {
      const controller = new AbortController();
      const operation = async (call: Call): Promise<string> => {
        if (answer === "throw") throw new Error("thrown");
        if (answer === "hang") return rejectOnAbort(call);
        await new Promise<void>((resolve) => clock.setTimeout(resolve, 20 + index));
        if (answer === "fail") throw BROKEN;
        return "fine";
      };
      execute(operation, { signal: controller.signal }).then(
        (value) => seen.push([index, clock.monotonicMs(), value]),
        (error: unknown) => seen.push([index, clock.monotonicMs(), describeError(error)]),
      );
      await clock.advance(pauseMs);
      if (cancel) controller.abort("the user left");
      await clock.advance(1);
      seen.push([breaker.state.kind, bulkhead.running, bulkhead.queued]);
    }
    await clock.advance(60_000);
    return [seen, breaker.state.kind, bulkhead.running, clock.pendingTimers];
  }

  it("do in one step exactly what they do one around the other", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const fused = createParts();
        const inOneStep = policy({ name: "model", ...fused, timeout: 100 });
        const apart = createParts();
        const oneByOne: Execute = (operation, options) =>
          apart.breaker.execute(
            (call) =>
              apart.bulkhead.execute(
                (call) => runWithTimeout(operation, { clock: apart.clock, timeoutMs: 100, name: "model" }, call),
                call,
              ),
            options,
          );
        expect(await trace(sequence, fused, (operation, options) => inOneStep.execute(operation, options))).toEqual(
          await trace(sequence, apart, oneByOne),
        );
      }),
      { numRuns: 150 },
    );
  });
});

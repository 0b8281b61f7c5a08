import { describe, expect, it } from "vitest";
import type { Call } from "../call/call.js";
import { ManualClock } from "../testing/manual-clock.js";
import { defer, rejectOnAbort, type Deferred } from "../testing/operations.js";
import { hedge, type HedgeOptions } from "./hedge.js";
import { createRetryBudget } from "./retry-budget.js";

function setUp(options: Partial<HedgeOptions> = {}) {
  const clock = new ManualClock();
  const budget = createRetryBudget({ clock, capacity: 1 });
  const calls: { call: Call; answer: Deferred<string> }[] = [];
  const operation = (call: Call): Promise<string> => {
    const answer = defer<string>();
    calls.push({ call, answer });
    return answer.promise;
  };
  return { clock, budget, calls, operation, hedgeOptions: { clock, budget, delayMs: 100, ...options } };
}

describe("hedge", () => {
  it("sends one call only when the first is fast", async () => {
    const { clock, calls, operation, hedgeOptions } = setUp();
    const running = hedge(operation, hedgeOptions);
    await clock.advance(99);
    calls[0]?.answer.resolve("first");
    await expect(running).resolves.toBe("first");
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("takes the faster of two calls and aborts only the other", async () => {
    const { clock, calls, operation, hedgeOptions } = setUp();
    const running = hedge(operation, hedgeOptions);
    await clock.advance(100);
    const signals = calls.map(({ call }) => call.signal);
    calls[1]?.answer.resolve("second");
    await expect(running).resolves.toBe("second");
    expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
  });

  it("sends no second call without a token of the budget", async () => {
    const { clock, calls, budget, operation, hedgeOptions } = setUp();
    budget.tryWithdraw();
    const running = hedge(operation, hedgeOptions);
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
    calls[0]?.answer.resolve("first");
    await expect(running).resolves.toBe("first");
  });

  it("leaves errors to retry: a call that fails is not replaced", async () => {
    const { clock, calls, operation, hedgeOptions } = setUp();
    const running = hedge(operation, hedgeOptions);
    calls[0]?.answer.reject(new Error("refused"));
    await expect(running).rejects.toThrow("refused");
    await clock.advance(1000);
    expect(calls).toHaveLength(1);
  });

  it("waits for the other call when one fails, and reports the first error when both do", async () => {
    const { clock, calls, operation, hedgeOptions } = setUp();
    const running = hedge(operation, hedgeOptions);
    await clock.advance(100);
    calls[1]?.answer.reject(new Error("second failed"));
    await clock.advance(0);
    calls[0]?.answer.reject(new Error("first failed"));
    await expect(running).rejects.toThrow("second failed");
  });

  it("keeps the call that committed first, even if it fails later", async () => {
    const { clock, calls, operation, hedgeOptions } = setUp();
    const running = hedge(operation, hedgeOptions);
    await clock.advance(100);
    calls[0]?.call.commit();
    expect(calls[1]?.call.signal.aborted).toBe(true);
    calls[1]?.answer.resolve("too late");
    calls[0]?.answer.reject(new Error("broke off"));
    await expect(running).rejects.toThrow("broke off");
  });

  it("aborts every call with the caller's reason", async () => {
    const { clock, hedgeOptions } = setUp();
    const reasons: unknown[] = [];
    const controller = new AbortController();
    const operation = (call: Call): Promise<never> => {
      call.signal.addEventListener("abort", () => reasons.push(call.signal.reason));
      return rejectOnAbort(call);
    };
    const running = hedge(operation, hedgeOptions, { signal: controller.signal });
    await clock.advance(100);
    controller.abort("the user left");
    await expect(running).rejects.toBe("the user left");
    expect(reasons).toEqual(["the user left", "the user left"]);
  });
});

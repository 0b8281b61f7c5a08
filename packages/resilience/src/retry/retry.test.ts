import { describe, expect, it } from "vitest";
import type { Call } from "../call/call.js";
import { ManualClock } from "../testing/manual-clock.js";
import { createDeadline } from "../time-limits/deadline.js";
import { createRetryBudget } from "./retry-budget.js";
import { retry, type GiveUpReason, type RetryOptions } from "./retry.js";

const BROKEN = new Error("connection reset");

/** Retries without jitter, so that waits are exact: `random` is 1 unless a test says otherwise. */
function setUp(options: Partial<RetryOptions> = {}) {
  const clock = new ManualClock();
  const reasons: GiveUpReason[] = [];
  const calls: number[] = [];
  const delaysMs: number[] = [];
  const retryOptions: RetryOptions = {
    clock,
    attempts: 4,
    baseDelayMs: 100,
    maxDelayMs: 1000,
    random: () => 1,
    onRetry: ({ delayMs }) => delaysMs.push(delayMs),
    onGiveUp: ({ reason }) => reasons.push(reason),
    ...options,
  };
  return { clock, reasons, calls, delaysMs, retryOptions };
}

/** Fails with `error` until the given attempt. */
function succeedAt(attempt: number, calls: number[], error: unknown = BROKEN) {
  return (call: Call): Promise<string> => {
    calls.push(call.attempt);
    return call.attempt < attempt ? Promise.reject(error) : Promise.resolve("fine");
  };
}

describe("retry", () => {
  it("tries again with doubling waits until it succeeds", async () => {
    const { clock, calls, delaysMs, retryOptions } = setUp();
    const running = retry(succeedAt(4, calls), retryOptions);
    await clock.advance(700);
    await expect(running).resolves.toBe("fine");
    expect(calls).toEqual([1, 2, 3, 4]);
    expect(delaysMs).toEqual([100, 200, 400]);
  });

  it("spreads its waits over the whole range, so that callers do not come back together", async () => {
    const { clock, calls, delaysMs, retryOptions } = setUp({ random: () => 0.25 });
    const running = retry(succeedAt(3, calls), retryOptions);
    await clock.advance(75);
    await expect(running).resolves.toBe("fine");
    expect(delaysMs).toEqual([25, 50]);
  });

  it("gives up after the last attempt with that attempt's error", async () => {
    const { clock, calls, reasons, retryOptions } = setUp({ attempts: 2 });
    const outcome = expect(retry(succeedAt(9, calls), retryOptions)).rejects.toBe(BROKEN);
    await clock.advance(100);
    await outcome;
    expect(calls).toEqual([1, 2]);
    expect(reasons).toEqual(["attempts"]);
  });

  it("never tries again after the first token", async () => {
    const { reasons, retryOptions } = setUp();
    const operation = (call: Call): Promise<never> => {
      call.commit();
      return Promise.reject(BROKEN);
    };
    await expect(retry(operation, retryOptions)).rejects.toBe(BROKEN);
    expect(reasons).toEqual(["committed"]);
  });

  it("takes no notice of a commit by an attempt that has failed before", async () => {
    const { clock, retryOptions } = setUp();
    let first: Call | undefined;
    const running = retry((call) => {
      if (call.attempt === 3) return "fine";
      first ??= call;
      if (call.attempt === 2) first.commit();
      return Promise.reject(BROKEN);
    }, retryOptions);
    await clock.advance(300);
    await expect(running).resolves.toBe("fine");
  });

  it("waits at least as long as the dependency asked for", async () => {
    const { clock, calls, delaysMs, retryOptions } = setUp({ random: () => 0.5 });
    const limited = Object.assign(new Error("slow down"), { retryAfterMs: 800 });
    const running = retry(succeedAt(2, calls, limited), retryOptions);
    await clock.advance(850);
    await expect(running).resolves.toBe("fine");
    expect(delaysMs).toEqual([850]);
  });

  it("gives up at once when the dependency asks for too long a time", async () => {
    const { calls, reasons, retryOptions } = setUp();
    const limited = Object.assign(new Error("slow down"), { retryAfterMs: 1001 });
    await expect(retry(succeedAt(2, calls, limited), retryOptions)).rejects.toBe(limited);
    expect(reasons).toEqual(["too_long"]);
  });

  it("believes an error that says retrying is of no use", async () => {
    const { calls, reasons, retryOptions } = setUp();
    const refused = Object.assign(new Error("bad request"), { retryable: false });
    await expect(retry(succeedAt(2, calls, refused), retryOptions)).rejects.toBe(refused);
    expect(reasons).toEqual(["not_retryable"]);
  });

  it("begins no wait that would end after the deadline", async () => {
    const clock = new ManualClock();
    const { calls, reasons, retryOptions } = setUp({ clock, deadline: createDeadline(250, clock) });
    const outcome = expect(retry(succeedAt(9, calls), retryOptions)).rejects.toBe(BROKEN);
    await clock.advance(250);
    await outcome;
    expect(calls).toEqual([1, 2]);
    expect(reasons).toEqual(["deadline"]);
  });

  it("stops waiting the moment the caller cancels, and leaves no timer", async () => {
    const { clock, calls, retryOptions } = setUp();
    const controller = new AbortController();
    const running = retry(succeedAt(2, calls), retryOptions, { signal: controller.signal });
    await clock.advance(50);
    controller.abort(new Error("the user left"));
    await expect(running).rejects.toThrow("the user left");
    expect(clock.pendingTimers).toBe(0);
    expect(calls).toEqual([1]);
  });

  it("does not try again after a cancelled attempt", async () => {
    const { reasons, retryOptions } = setUp();
    const controller = new AbortController();
    const operation = (): Promise<never> => {
      controller.abort(new Error("the user left"));
      return Promise.reject(BROKEN);
    };
    await expect(retry(operation, retryOptions, { signal: controller.signal })).rejects.toBe(BROKEN);
    expect(reasons).toEqual(["cancelled"]);
  });

  it("keeps upstream calls at most 1.2 times the turns when everything fails", async () => {
    const clock = new ManualClock();
    const budget = createRetryBudget({ clock });
    const { calls, retryOptions } = setUp({ clock, budget });
    const turns = Array.from({ length: 500 }, async (_, turn) => {
      await new Promise<void>((resolve) => clock.setTimeout(resolve, turn * 20));
      return retry(succeedAt(9, calls), retryOptions);
    });
    const outcomes = Promise.allSettled(turns);
    await clock.advance(20_000);
    expect((await outcomes).every(({ status }) => status === "rejected")).toBe(true);
    expect(calls.length).toBeGreaterThan(500);
    expect(calls.length).toBeLessThanOrEqual(600);
  });
});

describe("a retry budget", () => {
  it("allows a burst, then one retry for every ten calls", () => {
    const budget = createRetryBudget({ clock: new ManualClock(), capacity: 3, depositPerCall: 0.1 });
    const burst = Array.from({ length: 5 }, () => budget.tryWithdraw());
    expect(burst).toEqual([true, true, true, false, false]);
    for (let call = 0; call < 9; call += 1) budget.recordCall();
    expect(budget.tryWithdraw()).toBe(false);
    budget.recordCall();
    budget.recordCall();
    expect(budget.tryWithdraw()).toBe(true);
  });

  it("fills up with time and never above its capacity", async () => {
    const clock = new ManualClock();
    const budget = createRetryBudget({ clock, capacity: 2, refillPerSecond: 0.5 });
    budget.tryWithdraw();
    budget.tryWithdraw();
    await clock.advance(1999);
    expect(budget.tryWithdraw()).toBe(false);
    await clock.advance(60_000);
    expect(budget.available).toBe(2);
  });
});

import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { defer, hang, rejectOnAbort } from "../testing/operations.js";
import { createAdaptiveTimeout } from "./adaptive-timeout.js";
import { createDeadline, readDeadline, runWithDeadline } from "./deadline.js";
import { runWithTimeout } from "./run-with-timeout.js";

function limit(clock: ManualClock) {
  return { clock, timeoutMs: 100, name: "model" };
}

describe("a timeout", () => {
  it("rejects at the limit although the operation pays no heed", async () => {
    const clock = new ManualClock();
    const outcome = expect(runWithTimeout(hang, limit(clock))).rejects.toMatchObject({
      code: "timeout",
      policy: "model",
    });
    await clock.advance(100);
    await outcome;
  });

  it("aborts its own call with the error that it rejects with", async () => {
    const clock = new ManualClock();
    let reason: unknown;
    const running = runWithTimeout(({ signal }) => {
      signal.addEventListener("abort", () => (reason = signal.reason));
      return hang();
    }, limit(clock));
    const outcome = running.catch((error: unknown) => error);
    await clock.advance(100);
    expect(await outcome).toBe(reason);
  });

  it("shows an aborted signal to whoever reads it only afterwards", async () => {
    const clock = new ManualClock();
    const gate = defer<void>();
    let seen: boolean | undefined;
    const running = runWithTimeout(async (call) => {
      await gate.promise;
      seen = call.signal.aborted;
    }, limit(clock));
    const outcome = expect(running).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(100);
    await outcome;
    gate.resolve();
    await clock.advance(0);
    expect(seen).toBe(true);
  });

  it("drops what comes late, a rejection included", async () => {
    const clock = new ManualClock();
    const late = defer<string>();
    const outcome = expect(runWithTimeout(() => late.promise, limit(clock))).rejects.toMatchObject({ code: "timeout" });
    await clock.advance(100);
    await outcome;
    late.reject(new Error("nobody listens"));
    await clock.advance(0);
  });

  it("passes the caller's abort on with its reason", async () => {
    const clock = new ManualClock();
    const controller = new AbortController();
    const running = runWithTimeout(rejectOnAbort, limit(clock), { signal: controller.signal });
    controller.abort("the user left");
    await expect(running).rejects.toBe("the user left");
    expect(clock.pendingTimers).toBe(0);
  });

  it.each(["resolve", "reject"] as const)("leaves no timer after the operation %ss", async (end) => {
    const clock = new ManualClock();
    const operation = (): Promise<string> =>
      end === "resolve" ? Promise.resolve("fine") : Promise.reject(new Error());
    await Promise.allSettled([runWithTimeout(operation, limit(clock))]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe("a deadline", () => {
  it("travels as the time that remains, so that clocks need not agree", async () => {
    const sender = new ManualClock(1_000_000);
    const deadline = createDeadline(5000, sender);
    await sender.advance(1500.4);
    const receiver = new ManualClock(77);
    expect(readDeadline(deadline.toHeader(), 60_000, receiver).remainingMs()).toBe(3499);
  });

  it.each([undefined, "", "soon", "-5", "1e9", "99999999", "12.5"])(
    "is never later than the limit for header %s",
    (header) => {
      expect(readDeadline(header, 2000, new ManualClock()).remainingMs()).toBe(2000);
    },
  );

  it("is kept when a later one is asked for", async () => {
    const clock = new ManualClock();
    const deadline = createDeadline(1000, clock);
    expect(deadline.within(5000).remainingMs()).toBe(1000);
    expect(deadline.within(10).remainingMs()).toBe(10);
    await clock.advance(2000);
    expect(deadline).toMatchObject({ expired: true });
    expect(deadline.remainingMs()).toBe(0);
  });

  it("ends a call with an error of its own", async () => {
    const clock = new ManualClock();
    const deadline = createDeadline(100, clock);
    const running = runWithDeadline(hang, { clock, deadline, name: "turn" });
    const outcome = expect(running).rejects.toMatchObject({ code: "deadline_exceeded", policy: "turn" });
    await clock.advance(100);
    await outcome;
  });

  it("does not begin a call that is too late already", async () => {
    const clock = new ManualClock();
    let begun = false;
    const running = runWithDeadline(() => (begun = true), { clock, deadline: createDeadline(0, clock), name: "turn" });
    await expect(running).rejects.toMatchObject({ code: "deadline_exceeded" });
    expect(begun).toBe(false);
  });
});

describe("an adaptive timeout", () => {
  const OPTIONS = { minMs: 50, maxMs: 10_000, initialMs: 4000, windowSize: 100, minimumSamples: 20 };

  it("keeps to its first value until it has seen enough", () => {
    const timeout = createAdaptiveTimeout(OPTIONS);
    for (let call = 0; call < 19; call += 1) timeout.record(100);
    expect(timeout.timeoutMs()).toBe(4000);
    timeout.record(100);
    expect(timeout.timeoutMs()).toBe(150);
  });

  it("follows the 95th percentile, not the slowest call", () => {
    const timeout = createAdaptiveTimeout({ ...OPTIONS, marginShare: 0, marginMs: 10 });
    for (let call = 1; call <= 100; call += 1) timeout.record(call);
    expect(timeout.timeoutMs()).toBe(105);
  });

  it("forgets what is older than its window", () => {
    const timeout = createAdaptiveTimeout({ ...OPTIONS, marginShare: 0 });
    for (let call = 0; call < 100; call += 1) timeout.record(5000);
    for (let call = 0; call < 100; call += 1) timeout.record(200);
    expect(timeout.timeoutMs()).toBe(200);
  });

  it("grows again when calls keep running into it", () => {
    const timeout = createAdaptiveTimeout(OPTIONS);
    for (let call = 0; call < 100; call += 1) timeout.record(100);
    for (let call = 0; call < 2000; call += 1) timeout.record(timeout.timeoutMs());
    expect(timeout.timeoutMs()).toBe(10_000);
  });

  it("is stretched by the level's factor, within its bounds", () => {
    let factor = 1;
    const timeout = createAdaptiveTimeout({ ...OPTIONS, readFactor: () => factor });
    expect(timeout.timeoutMs()).toBe(4000);
    factor = 1.5;
    expect(timeout.timeoutMs()).toBe(6000);
    factor = 5;
    expect(timeout.timeoutMs()).toBe(10_000);
    for (let call = 0; call < 100; call += 1) timeout.record(1);
    factor = 1;
    expect(timeout.timeoutMs()).toBe(50);
  });
});

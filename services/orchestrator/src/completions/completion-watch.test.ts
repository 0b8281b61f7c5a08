import { createManualClock, type ManualClock } from "@ai-orchestra/service-kit";
import { beforeEach, describe, expect, it } from "vitest";
import { CompletionWatch, type CompletionWatchOptions } from "./completion-watch.js";

let clock: ManualClock;

beforeEach(() => {
  clock = createManualClock();
});

function createWatch(overrides: Partial<CompletionWatchOptions> = {}): CompletionWatch {
  return new CompletionWatch({
    clock,
    timeouts: { firstTokenMs: 30_000, idleMs: 20_000 },
    deadlineAt: clock.now() + 120_000,
    signal: new AbortController().signal,
    ...overrides,
  });
}

describe("CompletionWatch", () => {
  it("aborts when the first token is late", () => {
    const watch = createWatch();
    clock.advance(29_999);
    expect(watch.signal.aborted).toBe(false);
    clock.advance(1);
    expect(watch.signal.reason).toMatchObject({ code: "timeout" });
    expect(watch.isTurnOver).toBe(false);
  });

  it("aborts after an idle gap, at most a quarter late", () => {
    const watch = createWatch();
    watch.begin();
    clock.advance(3_000);
    watch.events += 1;
    clock.advance(19_999);
    expect(watch.signal.aborted).toBe(false);
    clock.advance(5_001);
    expect(watch.signal.reason).toMatchObject({ code: "timeout" });
  });

  it("lets an answer go on as long as events keep coming", () => {
    const watch = createWatch();
    watch.begin();
    for (let step = 0; step < 10; step += 1) {
      clock.advance(11_000);
      watch.events += 1;
    }
    expect(watch.signal.aborted).toBe(false);
  });

  it("does not count time in which nobody waits for the upstream", () => {
    const watch = createWatch();
    watch.begin();
    watch.isWaiting = false;
    clock.advance(100_000);
    expect(watch.signal.aborted).toBe(false);
  });

  it("aborts at the model's own limit for a whole answer", () => {
    const watch = createWatch({ timeouts: { firstTokenMs: 30_000, idleMs: 20_000, totalMs: 5_000 } });
    watch.begin();
    clock.advance(5_000);
    expect(watch.signal.reason).toMatchObject({ code: "timeout" });
    expect(watch.isTurnOver).toBe(false);
  });

  it("aborts at the turn's deadline and says that the turn is over", () => {
    const watch = createWatch({ deadlineAt: clock.now() + 1_000 });
    clock.advance(1_000);
    expect(watch.signal.reason).toMatchObject({ code: "timeout" });
    expect(watch.isTurnOver).toBe(true);
  });

  it("passes on the abort of the turn", () => {
    const turn = new AbortController();
    const watch = createWatch({ signal: turn.signal });
    turn.abort();
    expect(watch.signal.reason).toMatchObject({ code: "cancelled" });
    expect(createWatch({ signal: turn.signal }).signal.aborted).toBe(true);
  });

  it("holds one timer at most and none after its end", () => {
    const watch = createWatch();
    expect(clock.pendingTimers).toBe(1);
    watch.begin();
    for (let event = 0; event < 100; event += 1) watch.events += 1;
    expect(clock.pendingTimers).toBe(1);
    watch.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

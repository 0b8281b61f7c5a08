import { describe, expect, it } from "vitest";
import { createManualClock, type ManualClock } from "../manual-clock.js";
import { EventLoopWatch } from "./event-loop-watch.js";

/** A clock whose timers can be kept from running, as those of a process whose event loop stands still. */
function createStallableClock(): ManualClock & { stall(ms: number): void } {
  const clock = createManualClock();
  let stalledMs = 0;
  return {
    ...clock,
    monotonicMs: () => clock.monotonicMs() + stalledMs,
    stall: (ms) => void (stalledMs += ms),
  };
}

describe("EventLoopWatch", () => {
  it("is quiet while the loop turns", () => {
    const clock = createStallableClock();
    const watch = new EventLoopWatch({ clock, stuckAfterMs: 5000, rememberForMs: 10_000 });
    watch.start();
    clock.stall(4000);
    clock.advance(60_000);
    expect(watch.isStuck).toBe(false);
  });

  it("sees a long stall even before a timer ran again, and forgets it later", () => {
    const clock = createStallableClock();
    const watch = new EventLoopWatch({ clock, stuckAfterMs: 5000, rememberForMs: 10_000 });
    watch.start();
    clock.advance(1000);
    clock.stall(6000);
    expect(watch.isStuck).toBe(true);
    clock.advance(9000);
    expect(watch.isStuck).toBe(true);
    clock.advance(2000);
    expect(watch.isStuck).toBe(false);
  });

  it("leaves no timer behind when it is stopped, and is started once only", () => {
    const clock = createManualClock();
    const watch = new EventLoopWatch({ clock, stuckAfterMs: 5000, rememberForMs: 10_000 });
    watch.start();
    watch.start();
    expect(clock.pendingTimers).toBe(1);
    watch.stop();
    watch.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { createManualClock } from "./manual-clock.js";

describe("createManualClock", () => {
  it("stands still until it is moved", () => {
    const clock = createManualClock(1000);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1000, 0]);
    clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([1250, 250]);
  });

  it("runs timers in the order in which they fall due, those they set on the way included", () => {
    const clock = createManualClock();
    const ran: string[] = [];
    clock.setTimeout(() => ran.push(`late ${clock.monotonicMs()}`), 20);
    clock.setTimeout(() => {
      ran.push(`early ${clock.monotonicMs()}`);
      clock.setTimeout(() => ran.push(`nested ${clock.monotonicMs()}`), 5);
    }, 10);
    clock.advance(100);
    expect(ran).toEqual(["early 10", "nested 15", "late 20"]);
  });

  it("repeats an interval until it is cleared", () => {
    const clock = createManualClock();
    let ticks = 0;
    const timer = clock.setInterval(() => ticks++, 10);
    clock.advance(35);
    clock.clearInterval(timer);
    clock.advance(100);
    expect(ticks).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets promises settle between timers", async () => {
    const clock = createManualClock();
    const wait = (ms: number) => new Promise<void>((resolve) => void clock.setTimeout(resolve, ms));
    const ran: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await wait(10);
        ran.push(clock.monotonicMs());
      }
    };
    const done = loop();
    await clock.advanceAsync(30);
    await done;
    expect(ran).toEqual([10, 20, 30]);
  });
});

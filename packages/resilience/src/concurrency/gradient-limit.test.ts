import { describe, expect, it } from "vitest";
import type { ConcurrencyLimit } from "./concurrency-limit.js";
import { createGradientLimit } from "./gradient-limit.js";

/** A dependency that serves `capacity` calls at once in 10 ms each; more queue up and take longer in proportion. */
function durationAt(inFlight: number, capacity: number): number {
  return 10 * Math.max(1, inFlight / capacity);
}

/** Keeps the limit full for a number of calls, and answers the mean of the limits it gave. */
function drive(limit: ConcurrencyLimit, capacity: number, calls: number): number {
  let sum = 0;
  for (let call = 0; call < calls; call += 1) {
    const inFlight = limit.current;
    sum += inFlight;
    limit.record({ durationMs: durationAt(inFlight, capacity), inFlight, overloaded: false });
  }
  return sum / calls;
}

describe("a gradient limit", () => {
  it("grows from its start to where calls begin to queue, and stays there under steady full load", () => {
    const limit = createGradientLimit({ initial: 5, max: 1000 });
    drive(limit, 50, 3000);
    const settled = drive(limit, 50, 3000);
    expect(settled).toBeGreaterThan(50);
    expect(settled).toBeLessThan(100);
    expect(drive(limit, 50, 100_000)).toBeCloseTo(settled, -1);
  });

  it("shrinks when the dependency gets slower", () => {
    const limit = createGradientLimit({ initial: 5, max: 1000 });
    const before = drive(limit, 50, 3000);
    expect(drive(limit, 10, 3000)).toBeLessThan(before / 2);
  });

  it("recovers when a slower dependency turns out to stay as it is", () => {
    const limit = createGradientLimit({ initial: 5, max: 1000 });
    drive(limit, 50, 3000);
    const record = (): void => {
      const inFlight = limit.current;
      limit.record({ durationMs: 3 * durationAt(inFlight, 50), inFlight, overloaded: false });
    };
    for (let call = 0; call < 10_000; call += 1) record();
    expect(limit.current).toBeGreaterThan(40);
  });

  it("learns nothing from calls that leave most of it unused", () => {
    const limit = createGradientLimit({ initial: 40 });
    for (let call = 0; call < 1000; call += 1) limit.record({ durationMs: 10, inFlight: 3, overloaded: false });
    expect(limit.current).toBe(40);
  });

  it("is cut once for a round of calls that fail together, and again for the next", () => {
    const limit = createGradientLimit({ initial: 100 });
    for (let call = 0; call < 50; call += 1) limit.record({ durationMs: 1000, inFlight: 100, overloaded: true });
    expect(limit.current).toBe(90);
    for (let call = 0; call < 60; call += 1) limit.record({ durationMs: 1000, inFlight: 90, overloaded: true });
    expect(limit.current).toBe(81);
  });

  it("never leaves its bounds", () => {
    const limit = createGradientLimit({ initial: 500, min: 2, max: 20 });
    expect(limit.current).toBe(20);
    for (let call = 0; call < 10_000; call += 1) limit.record({ durationMs: 9, inFlight: 20, overloaded: true });
    expect(limit.current).toBe(2);
  });
});

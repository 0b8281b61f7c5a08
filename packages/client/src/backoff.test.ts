import { describe, expect, it } from "vitest";
import { computeBackoffMs } from "./backoff.js";

describe("computeBackoffMs", () => {
  const limits = { baseDelayMs: 100, maxDelayMs: 1_000 };

  it("doubles its ceiling up to the limit, however many failures", () => {
    const ceilings = [0, 1, 2, 3, 4, 5_000].map((failures) => computeBackoffMs(failures, limits, 1));
    expect(ceilings).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it("draws from the whole range below the ceiling", () => {
    expect(computeBackoffMs(3, limits, 0)).toBe(0);
    expect(computeBackoffMs(3, limits, 0.5)).toBe(400);
  });
});

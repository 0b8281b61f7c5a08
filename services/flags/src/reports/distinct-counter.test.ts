import { describe, expect, test } from "vitest";
import { DistinctCounter } from "./distinct-counter.js";

function countOf(from: number, to: number): DistinctCounter {
  const counter = DistinctCounter.decode();
  for (let index = from; index < to; index += 1) counter.add(`user-${index}`);
  return counter;
}

describe("a counter of distinct texts", () => {
  test.each([0, 1, 10, 1_000, 10_000, 200_000])("counts %d of them within 5 percent", (count) => {
    expect(Math.abs(countOf(0, count).estimate() - count)).toBeLessThanOrEqual(count * 0.05);
  });

  test("counts nothing twice, also after it was stored and merged", () => {
    const one = DistinctCounter.decode(countOf(0, 6_000).encode());
    one.merge(countOf(4_000, 10_000));
    expect(one.estimate()).toBe(countOf(0, 10_000).estimate());
  });
});

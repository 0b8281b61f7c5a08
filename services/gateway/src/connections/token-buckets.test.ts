import { expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.js";

function createBuckets(options: { capacity?: number; perSecond?: number; maxBuckets?: number } = {}) {
  const clock = { nowMs: 0 };
  const buckets = new TokenBuckets({
    capacity: 3,
    perSecond: 1,
    maxBuckets: 10,
    monotonicMs: () => clock.nowMs,
    ...options,
  });
  return { buckets, clock };
}

test("a bucket gives what it holds at once, and then as fast as it fills", () => {
  const { buckets, clock } = createBuckets();
  expect([1, 2, 3, 4].map(() => buckets.take("a"))).toEqual([0, 0, 0, 1_000]);
  clock.nowMs = 400;
  expect(buckets.take("a")).toBe(600);
  clock.nowMs = 1_000;
  expect(buckets.take("a")).toBe(0);
  expect(buckets.take("a")).toBe(1_000);
});

test("a bucket never holds more than its capacity", () => {
  const { buckets, clock } = createBuckets();
  buckets.take("a");
  clock.nowMs = 3_600_000;
  expect([1, 2, 3, 4].map(() => buckets.take("a"))).toEqual([0, 0, 0, 1_000]);
});

test("keys do not share a bucket, and looking takes nothing", () => {
  const { buckets } = createBuckets({ capacity: 1 });
  expect(buckets.waitMs("a")).toBe(0);
  expect(buckets.take("a")).toBe(0);
  expect(buckets.waitMs("a")).toBe(1_000);
  expect(buckets.take("b")).toBe(0);
});

test("the bucket that was not used for longest is forgotten first", () => {
  const { buckets } = createBuckets({ capacity: 1, maxBuckets: 2 });
  buckets.take("a");
  buckets.take("b");
  buckets.take("a");
  buckets.take("c");
  expect(buckets.waitMs("a")).toBe(1_000);
  expect(buckets.waitMs("b")).toBe(0);
});

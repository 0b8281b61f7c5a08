import { expect, test } from "vitest";
import { RestartBackoff } from "./restart-backoff.js";

test("doubles the delay up to its maximum", () => {
  const backoff = new RestartBackoff({ initialDelayMs: 100, maxDelayMs: 500 });
  expect([1, 2, 3, 4, 5].map(() => backoff.nextDelayMs(0))).toEqual([100, 200, 400, 500, 500]);
});

test("begins again with a process that was ready for a while", () => {
  const backoff = new RestartBackoff({ initialDelayMs: 100, healthyAfterMs: 1_000 });
  backoff.nextDelayMs(0);
  backoff.nextDelayMs(999);
  expect(backoff.nextDelayMs(1_000)).toBe(100);
});

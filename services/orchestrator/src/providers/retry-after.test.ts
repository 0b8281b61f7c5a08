import { describe, expect, it } from "vitest";
import { readRetryAfterMs } from "./retry-after.js";

const NOW = Date.UTC(2026, 0, 1);

describe("readRetryAfterMs", () => {
  it.each([
    [{ "retry-after": "2" }, 2_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" }, 30_000],
    [{ "retry-after": "Wed, 31 Dec 2025 00:00:00 GMT" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "9" }, 250],
    [{ "retry-after": "-3" }, 0],
    [{ "retry-after": "999999" }, 3_600_000],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "" }, undefined],
    [{}, undefined],
  ])("reads %j as %s", (headers, expected) => {
    expect(readRetryAfterMs(headers, NOW)).toBe(expected);
  });
});

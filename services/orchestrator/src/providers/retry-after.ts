import type { IncomingHttpHeaders } from "node:http";

/** A provider that asks for a longer pause than this is treated as asking for this: one hour. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * How long an upstream asks us to wait, in milliseconds: `retry-after-ms` if it is there, else `retry-after` as seconds
 * or as an HTTP date seen from `now` (epoch milliseconds).
 */
export function readRetryAfterMs(headers: IncomingHttpHeaders, now: number): number | undefined {
  const asked = parseNumber(headers["retry-after-ms"]) ?? parseRetryAfter(headers["retry-after"], now);
  return asked === undefined ? undefined : Math.min(Math.max(0, Math.round(asked)), MAX_RETRY_AFTER_MS);
}

function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const seconds = parseNumber(value);
  if (seconds !== undefined) return seconds * 1000;
  const date = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : date - now;
}

function parseNumber(value: string | string[] | undefined): number | undefined {
  if (typeof value !== "string" || value.trim() === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

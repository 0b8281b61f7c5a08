import type { ErrorCode } from "@ai-orchestra/contracts";

/** What an HTTP status means where no error body says it better. */
export function describeStatus(status: number): { code: ErrorCode; retryable: boolean } {
  if (status === 401) return { code: "unauthorized", retryable: false };
  if (status === 403) return { code: "forbidden", retryable: false };
  if (status === 404) return { code: "not_found", retryable: false };
  if (status === 429) return { code: "rate_limited", retryable: true };
  if (status === 504) return { code: "timeout", retryable: true };
  if (status >= 500) return { code: "unavailable", retryable: true };
  return { code: "invalid_request", retryable: false };
}

/** A `Retry-After` header that counts seconds, in milliseconds. */
export function readRetryAfterMs(header: string | null | undefined): number | undefined {
  const seconds = Number(header ?? Number.NaN);
  return seconds >= 0 && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

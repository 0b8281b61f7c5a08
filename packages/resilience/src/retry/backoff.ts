export interface BackoffOptions {
  /** Upper bound of the wait before the first retry; it doubles with each further one. */
  baseDelayMs: number;
  /** Where the doubling ends. */
  maxDelayMs: number;
  /** A number from 0 up to 1, as `Math.random` gives. */
  random: () => number;
}

/**
 * The wait before retry number `retry` (from 1): anything from 0 to the doubled base with equal chance, so that callers
 * who failed together do not come back together. This is "full jitter" of
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
 */
export function computeBackoffMs(retry: number, { baseDelayMs, maxDelayMs, random }: BackoffOptions): number {
  return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (retry - 1));
}

/** How a client reconnects. Every delay is drawn with full jitter: evenly between 0 and a doubling ceiling. */
export interface ReconnectOptions {
  /** Ceiling of the first delay, in milliseconds. Default 250. */
  baseDelayMs?: number;
  /** Ceiling of every later delay. Default 15 000. */
  maxDelayMs?: number;
  /** Failed attempts in a row before the client gives up. Default: never. */
  maxAttempts?: number;
}

/**
 * Full-jitter exponential backoff, after "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 *
 * @param failures failed attempts so far, 0 for the first retry
 * @param random a number from 0 to 1
 * @returns milliseconds to wait
 */
export function computeBackoffMs(
  failures: number,
  limits: { baseDelayMs: number; maxDelayMs: number },
  random: number = Math.random(),
): number {
  return random * Math.min(limits.maxDelayMs, limits.baseDelayMs * 2 ** Math.min(failures, 30));
}

import type { Clock } from "../clock.js";
import { requireAtLeast } from "../require-option.js";

export interface RetryBudgetOptions {
  clock: Clock;
  /** Retries that one call pays for: 0.1 allows one retry or hedge for every ten calls. Default 0.1. */
  depositPerCall?: number | undefined;
  /** Most tokens that are kept; the bucket starts full. Default 10. */
  capacity?: number | undefined;
  /** Tokens that come with time, so that a quiet system may retry at all. Default 0.1 a second. */
  refillPerSecond?: number | undefined;
}

export interface RetryBudget {
  /** Whole and partial retries that are left. */
  readonly available: number;
  /** Counts a first attempt. `retry` and `policy` do it themselves. */
  recordCall(): void;
  /** Takes the token of one retry or hedge, or answers `false`: then do not send it. */
  tryWithdraw(): boolean;
}

/**
 * A token bucket shared by every retry and hedge towards one dependency. It bounds what they add to the load to
 * `depositPerCall` times the calls, plus `capacity`, plus the refill, however many callers fail at once.
 *
 * After the retry budget of Finagle (https://twitter.github.io/finagle/guide/Clients.html#retries) and the retry
 * throttling of gRPC (https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs).
 */
export function createRetryBudget(options: RetryBudgetOptions): RetryBudget {
  const { clock } = options;
  const depositPerCall = requireAtLeast("depositPerCall", options.depositPerCall ?? 0.1);
  const capacity = requireAtLeast("capacity", options.capacity ?? 10);
  const refillPerMs = requireAtLeast("refillPerSecond", options.refillPerSecond ?? 0.1) / 1000;
  let tokens = capacity;
  let refilledAtMs = clock.monotonicMs();

  function refill(): void {
    const nowMs = clock.monotonicMs();
    tokens = Math.min(capacity, tokens + (nowMs - refilledAtMs) * refillPerMs);
    refilledAtMs = nowMs;
  }

  return {
    get available() {
      refill();
      return tokens;
    },
    recordCall() {
      tokens = Math.min(capacity, tokens + depositPerCall);
    },
    tryWithdraw() {
      refill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}

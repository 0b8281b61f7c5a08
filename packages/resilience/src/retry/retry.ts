import { AttemptCall, scopeOf, type CallScope } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import { start } from "../call/start.js";
import type { Clock } from "../clock.js";
import { requireCount } from "../require-option.js";
import type { Deadline } from "../time-limits/deadline.js";
import { waitFor } from "../wait-for.js";
import { computeBackoffMs, type BackoffOptions } from "./backoff.js";
import type { RetryBudget } from "./retry-budget.js";

/** Why a failed call was not tried again. */
export type GiveUpReason =
  | "attempts"
  | "committed"
  | "cancelled"
  | "not_retryable"
  | "too_long"
  | "deadline"
  | "budget";

export interface RetryPolicyOptions extends BackoffOptions {
  /** Attempts in all, the first one included. */
  attempts: number;
  /** Whether trying again may help. Default: what the error's own `retryable` says, else yes. */
  shouldRetry?: ((error: unknown, attempt: number) => boolean) | undefined;
  /** How long the dependency asked us to stay away. Default: the error's own `retryAfterMs`. */
  retryAfterMs?: ((error: unknown) => number | undefined) | undefined;
  /** The longest time that a dependency may ask for before we give up at once. Default `maxDelayMs`. */
  maxRetryAfterMs?: number | undefined;
  /** Bounds the retries of all callers together. Strongly advised: attempts alone multiply the load of an outage. */
  budget?: RetryBudget | undefined;
  onRetry?: ((event: { attempt: number; delayMs: number; error: unknown }) => void) | undefined;
  onGiveUp?: ((event: { attempt: number; reason: GiveUpReason; error: unknown }) => void) | undefined;
}

export interface RetryOptions extends RetryPolicyOptions {
  clock: Clock;
  /** No wait is begun that would end after it. */
  deadline?: Deadline | undefined;
}

/**
 * Runs `operation` until it succeeds or another attempt is useless, forbidden or too late, and then rejects with the
 * error of the last attempt as it was. Between attempts it waits with full jitter, at least as long as the dependency
 * asked for; an abort ends the wait at once with the abort reason.
 */
export function retry<T>(operation: Operation<T>, options: RetryOptions, callOptions?: CallOptions): Promise<T> {
  requireCount("attempts", options.attempts);
  const call = scopeOf(callOptions);
  if (call.aborted) return Promise.reject(call.reason);
  options.budget?.recordCall();
  const first = new AttemptCall(call, 1);
  return start(operation, first).catch((error: unknown) => retryAfter(error, first, operation, options, call));
}

/** Everything after a failed first attempt, so that a call which succeeds at once does not pay for it. */
async function retryAfter<T>(
  firstError: unknown,
  first: AttemptCall,
  operation: Operation<T>,
  options: RetryOptions,
  call: CallScope,
): Promise<T> {
  let error = firstError;
  for (let attempt = first; ; attempt = new AttemptCall(call, attempt.attempt + 1)) {
    if (attempt !== first) {
      try {
        return await operation(attempt);
      } catch (thrown) {
        error = thrown;
      }
    }
    const next = planRetry(error, attempt, options);
    if (typeof next === "string") {
      options.onGiveUp?.({ attempt: attempt.attempt, reason: next, error });
      throw error;
    }
    options.onRetry?.({ attempt: attempt.attempt, delayMs: next, error });
    await waitFor(next, call, options.clock);
    call.throwIfAborted();
  }
}

/** Milliseconds to wait before the next attempt, or why there is none. The budget is asked last: it pays for real ones. */
function planRetry(error: unknown, attempt: AttemptCall, options: RetryOptions): number | GiveUpReason {
  const { deadline, budget, shouldRetry = isRetryable, retryAfterMs = readRetryAfterMs } = options;
  if (attempt.attempt >= options.attempts) return "attempts";
  if (attempt.aborted) return "cancelled";
  if (attempt.committed) return "committed";
  if (!shouldRetry(error, attempt.attempt)) return "not_retryable";
  const askedMs = retryAfterMs(error) ?? 0;
  if (askedMs > (options.maxRetryAfterMs ?? options.maxDelayMs)) return "too_long";
  const delayMs = askedMs + computeBackoffMs(attempt.attempt, options);
  if (deadline !== undefined && delayMs >= deadline.remainingMs()) return "deadline";
  if (budget !== undefined && !budget.tryWithdraw()) return "budget";
  return delayMs;
}

function isRetryable(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("retryable" in error)) return true;
  return error.retryable !== false;
}

function readRetryAfterMs(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("retryAfterMs" in error)) return undefined;
  return typeof error.retryAfterMs === "number" ? error.retryAfterMs : undefined;
}

export type { Clock, TimerHandle } from "./clock.js";
export type { CallOptions, Operation } from "./operation.js";
export {
  RESILIENCE_CODES,
  ResilienceError,
  type ResilienceCode,
  type ResilienceErrorOptions,
} from "./resilience-error.js";

export {
  CircuitBreaker,
  createCircuitBreaker,
  type CircuitBreakerOptions,
  type CloseOptions,
  type HalfOpenOptions,
  type OpenOptions,
} from "./circuit-breaker/circuit-breaker.js";
export type { CallPermit } from "./circuit-breaker/call-permit.js";
export type {
  CircuitState,
  CircuitStateChange,
  CircuitStateListener,
  OpenCause,
} from "./circuit-breaker/circuit-state.js";
export type { CircuitTriggerOptions } from "./circuit-breaker/create-circuit-trigger.js";
export type { CallOutcome, IsFailure } from "./circuit-breaker/judge-error.js";

export { computeBackoffMs, type BackoffOptions } from "./retry/backoff.js";
export {
  retry,
  type Attempt,
  type AttemptOperation,
  type GiveUpReason,
  type RetryOptions,
  type RetryPolicyOptions,
} from "./retry/retry.js";
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from "./retry/retry-budget.js";

export {
  createDeadline,
  readDeadline,
  runWithDeadline,
  type Deadline,
  type DeadlineOptions,
} from "./time-limits/deadline.js";
export { runWithTimeout, type TimeoutOptions } from "./time-limits/run-with-timeout.js";

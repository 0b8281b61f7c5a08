export type { Clock, TimerHandle } from "./clock.js";
export type { Call, CallOptions, Operation } from "./call/call.js";
export {
  RESILIENCE_CODES,
  ResilienceError,
  type ResilienceCode,
  type ResilienceErrorOptions,
} from "./resilience-error.js";

export { CircuitBreaker, createCircuitBreaker } from "./circuit-breaker/circuit-breaker.js";
export type {
  CircuitBreakerOptions,
  CloseOptions,
  HalfOpenOptions,
  OpenOptions,
} from "./circuit-breaker/circuit-breaker-options.js";
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
export { retry, type GiveUpReason, type RetryOptions, type RetryPolicyOptions } from "./retry/retry.js";
export { createRetryBudget, type RetryBudget, type RetryBudgetOptions } from "./retry/retry-budget.js";

export {
  createDeadline,
  readDeadline,
  runWithDeadline,
  type Deadline,
  type DeadlineOptions,
} from "./time-limits/deadline.js";
export { runWithTimeout, type TimeoutOptions } from "./time-limits/run-with-timeout.js";

export { CircuitProber, type CircuitProberOptions } from "./circuit-breaker/circuit-prober.js";
export { hedge, type HedgeOptions, type HedgePolicyOptions } from "./retry/hedge.js";
export {
  createAdaptiveTimeout,
  type AdaptiveTimeout,
  type AdaptiveTimeoutOptions,
} from "./time-limits/adaptive-timeout.js";

export {
  Bulkhead,
  createBulkhead,
  type BulkheadOptions,
  type BulkheadSlot,
  type SlotOutcome,
} from "./concurrency/bulkhead.js";
export type { ConcurrencyLimit, LimitSample } from "./concurrency/concurrency-limit.js";
export { createGradientLimit, type GradientLimitOptions } from "./concurrency/gradient-limit.js";
export {
  createLoadShedder,
  type LoadShedder,
  type LoadShedderOptions,
  type SheddingRange,
} from "./concurrency/load-shedder.js";

export {
  runFallbackChain,
  type FailedStep,
  type FallbackOptions,
  type FallbackStep,
  type ServedValue,
} from "./fallback/fallback-chain.js";
export { LastGoodCache, type CachedValue, type LastGoodCacheOptions } from "./fallback/last-good-cache.js";

export {
  DEGRADATION_LEVELS,
  featuresOffAt,
  isFeatureOn,
  isWorse,
  LEVEL_FACTS,
  levelForScore,
  rankOf,
  type DegradableFeature,
  type DegradationLevel,
  type LevelFacts,
} from "./degradation/degradation-levels.js";
export {
  createDegradationState,
  DEFAULT_DEGRADATION_TIMING,
  reduceDegradation,
  type DegradationEvent,
  type DegradationState,
  type DegradationTiming,
} from "./degradation/degradation-reducer.js";
export { scoreComponents, type ComponentHealth, type HealthScore } from "./degradation/score-components.js";

export {
  policy,
  POLICY_LAYERS,
  type Policy,
  type PolicyCallOptions,
  type PolicyLayer,
  type PolicyOptions,
} from "./policy/policy.js";

import type { Operation } from "../call/call.js";
import type { CircuitBreaker } from "../circuit-breaker/circuit-breaker.js";
import type { Clock } from "../clock.js";
import type { Bulkhead } from "../concurrency/bulkhead.js";
import { isTimeLimit } from "../resilience-error.js";
import { hedge, type HedgePolicyOptions } from "../retry/hedge.js";
import { retry, type RetryPolicyOptions } from "../retry/retry.js";
import type { AdaptiveTimeout } from "../time-limits/adaptive-timeout.js";
import type { Deadline } from "../time-limits/deadline.js";
import { runWithTimeout } from "../time-limits/run-with-timeout.js";

export interface PolicyLayersOptions {
  name: string;
  clock: Clock;
  retry?: RetryPolicyOptions | undefined;
  hedge?: HedgePolicyOptions | undefined;
  breaker?: CircuitBreaker | undefined;
  bulkhead?: Bulkhead | undefined;
  timeout?: number | AdaptiveTimeout | undefined;
}

/** One layer: what it makes of the operation, or of the layers, within it. */
export interface InnerLayer {
  readonly kind: "retry" | "hedge" | "breaker" | "bulkhead" | "timeout";
  wrap<T>(inner: Operation<T>, deadline: Deadline | undefined): Operation<T>;
}

/** The layers that may run several times in a call, innermost first: the order in which they are wrapped. */
export function createPolicyLayers(options: PolicyLayersOptions): readonly InnerLayer[] {
  const { breaker, bulkhead, clock, name, timeout } = options;
  const layers: InnerLayer[] = [];
  if (typeof timeout === "number") layers.push(createTimeoutLayer(timeout, name, clock));
  else if (timeout !== undefined) layers.push(createAdaptiveTimeoutLayer(timeout, name, clock));
  if (bulkhead !== undefined) layers.push(createGuardLayer("bulkhead", bulkhead));
  if (breaker !== undefined) layers.push(createGuardLayer("breaker", breaker));
  if (options.hedge !== undefined) layers.push(createHedgeLayer(options.hedge, options.retry === undefined, clock));
  if (options.retry !== undefined) layers.push(createRetryLayer(options.retry, clock));
  return layers;
}

function createTimeoutLayer(timeoutMs: number, name: string, clock: Clock): InnerLayer {
  const limit = { clock, name, timeoutMs };
  return { kind: "timeout", wrap: (inner) => (call) => runWithTimeout(inner, limit, call) };
}

function createAdaptiveTimeoutLayer(timeout: AdaptiveTimeout, name: string, clock: Clock): InnerLayer {
  return {
    kind: "timeout",
    wrap: (inner) => async (call) => {
      const startedAtMs = clock.monotonicMs();
      const timeoutMs = timeout.timeoutMs();
      try {
        const value = await runWithTimeout(inner, { clock, name, timeoutMs }, call);
        timeout.record(clock.monotonicMs() - startedAtMs);
        return value;
      } catch (error) {
        if (isTimeLimit(error)) timeout.record(clock.monotonicMs() - startedAtMs);
        throw error;
      }
    },
  };
}

function createGuardLayer(kind: "breaker" | "bulkhead", guard: CircuitBreaker | Bulkhead): InnerLayer {
  return { kind, wrap: (inner) => (call) => guard.execute(inner, call) };
}

function createHedgeLayer(options: HedgePolicyOptions, countsCalls: boolean, clock: Clock): InnerLayer {
  const hedgeOptions = { ...options, clock };
  return {
    kind: "hedge",
    wrap: (inner) => (call) => {
      if (countsCalls) options.budget.recordCall();
      return hedge(inner, hedgeOptions, call);
    },
  };
}

function createRetryLayer(options: RetryPolicyOptions, clock: Clock): InnerLayer {
  const withoutDeadline = { ...options, clock };
  return {
    kind: "retry",
    wrap(inner, deadline) {
      const retryOptions = deadline === undefined ? withoutDeadline : { ...withoutDeadline, deadline };
      return (call) => retry(inner, retryOptions, call);
    },
  };
}

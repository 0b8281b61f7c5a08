import { scopeOf } from "../call/call-scope.js";
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
import { runGuarded } from "./guarded-call.js";

export interface PolicyLayersOptions {
  name: string;
  clock: Clock;
  retry?: RetryPolicyOptions | undefined;
  hedge?: HedgePolicyOptions | undefined;
  breaker?: CircuitBreaker | undefined;
  bulkhead?: Bulkhead | undefined;
  timeout?: number | AdaptiveTimeout | undefined;
}

/** One or more layers: what they make of the operation, or of the layers, within them. */
export interface InnerLayer {
  /** Outermost first. */
  readonly kinds: readonly ("retry" | "hedge" | "breaker" | "bulkhead" | "timeout")[];
  wrap<T>(inner: Operation<T>, deadline: Deadline | undefined): Operation<T>;
}

/** The layers that may run several times in a call, as one. */
export function createInnerLayers(options: PolicyLayersOptions): InnerLayer {
  const { clock } = options;
  const layers = [createGuardLayers(options)];
  if (options.hedge !== undefined) layers.push(createHedgeLayer(options.hedge, options.retry === undefined, clock));
  if (options.retry !== undefined) layers.push(createRetryLayer(options.retry, clock));
  return combineLayers(layers);
}

/** Breaker, bulkhead and timeout: in one step where nothing has to be waited for or refused, else one by one. */
function createGuardLayers({ breaker, bulkhead, clock, name, timeout }: PolicyLayersOptions): InnerLayer {
  const layers: InnerLayer[] = [];
  if (typeof timeout === "number") layers.push(createTimeoutLayer(timeout, name, clock));
  else if (timeout !== undefined) layers.push(createAdaptiveTimeoutLayer(timeout, name, clock));
  if (bulkhead !== undefined) layers.push(createGuardLayer("bulkhead", bulkhead));
  if (breaker !== undefined) layers.push(createGuardLayer("breaker", breaker));
  const combined = combineLayers(layers);
  if (layers.length < 2 || typeof timeout === "object") return combined;
  const limit = timeout === undefined ? undefined : { clock, name, timeoutMs: timeout };
  const guards = { breaker, bulkhead, clock, limit };
  return {
    kinds: combined.kinds,
    wrap: (inner, deadline) => (call) =>
      runGuarded(inner, guards, scopeOf(call)) ?? combined.wrap(inner, deadline)(call),
  };
}

/** Wraps in the given order: the first layer becomes the innermost. */
function combineLayers(layers: readonly InnerLayer[]): InnerLayer {
  return {
    kinds: layers.flatMap(({ kinds }) => kinds.toReversed()).toReversed(),
    wrap(inner, deadline) {
      let wrapped = inner;
      for (const layer of layers) wrapped = layer.wrap(wrapped, deadline);
      return wrapped;
    },
  };
}

function createTimeoutLayer(timeoutMs: number, name: string, clock: Clock): InnerLayer {
  const limit = { clock, name, timeoutMs };
  return { kinds: ["timeout"], wrap: (inner) => (call) => runWithTimeout(inner, limit, call) };
}

function createAdaptiveTimeoutLayer(timeout: AdaptiveTimeout, name: string, clock: Clock): InnerLayer {
  return {
    kinds: ["timeout"],
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
  return { kinds: [kind], wrap: (inner) => (call) => guard.execute(inner, call) };
}

function createHedgeLayer(options: HedgePolicyOptions, countsCalls: boolean, clock: Clock): InnerLayer {
  const hedgeOptions = { ...options, clock };
  return {
    kinds: ["hedge"],
    wrap: (inner) => (call) => {
      if (countsCalls) options.budget.recordCall();
      return hedge(inner, hedgeOptions, call);
    },
  };
}

function createRetryLayer(options: RetryPolicyOptions, clock: Clock): InnerLayer {
  const withoutDeadline = { ...options, clock };
  return {
    kinds: ["retry"],
    wrap(inner, deadline) {
      const retryOptions = deadline === undefined ? withoutDeadline : { ...withoutDeadline, deadline };
      return (call) => retry(inner, retryOptions, call);
    },
  };
}

import { scopeOf } from "../call/call-scope.js";
import type { Call, CallOptions, Operation } from "../call/call.js";
import { start } from "../call/start.js";
import type { Clock } from "../clock.js";
import type { LoadShedder } from "../concurrency/load-shedder.js";
import {
  runFallbackChain,
  type FallbackOptions,
  type FallbackStep,
  type ServedValue,
} from "../fallback/fallback-chain.js";
import { createDeadline, runWithDeadline, type Deadline } from "../time-limits/deadline.js";
import { createInnerLayers, type PolicyLayersOptions } from "./policy-layers.js";

/** Every layer is optional; their order is fixed. Layers with a memory are handed in, so that policies may share them. */
export interface PolicyOptions<Priority extends string> extends PolicyLayersOptions {
  /** Bounds the whole call, with its retries and waits. */
  deadlineMs?: number | undefined;
  shedder?: LoadShedder<Priority> | undefined;
}

export interface PolicyCallOptions<Priority extends string> extends CallOptions {
  /** The caller's deadline; the earlier one of it and `deadlineMs` holds. */
  deadline?: Deadline | undefined;
  /** Needed where there is a shedder; without it nothing is shed. */
  priority?: Priority | undefined;
}

export type PolicyLayer = "fallback" | "deadline" | "shedder" | "retry" | "hedge" | "breaker" | "bulkhead" | "timeout";

/**
 * Outermost first, and why:
 * 1. `fallback` serves whatever went wrong further in, an expired deadline included;
 * 2. `deadline` bounds all that costs time: retries, waits between them, queues;
 * 3. `shedder` refuses a call once, before it costs anything, and a retry is not shed half-way;
 * 4. `retry` sees each try's own outcome, so the layers within judge every try by itself;
 * 5. `hedge` makes one try of several calls, and is within `retry` since it helps against slowness only;
 * 6. `breaker` counts every call that is really made, and refuses before one stands in a queue;
 * 7. `bulkhead` holds a place only while a call runs, not while a retry waits;
 * 8. `timeout` measures the dependency alone, not our own queue.
 */
export const POLICY_LAYERS: readonly PolicyLayer[] = [
  "fallback",
  "deadline",
  "shedder",
  "retry",
  "hedge",
  "breaker",
  "bulkhead",
  "timeout",
];

export interface Policy<Priority extends string = string> {
  readonly name: string;
  /** The layers that this policy has, outermost first. */
  readonly layers: readonly PolicyLayer[];
  execute<T>(operation: Operation<T>, options?: PolicyCallOptions<Priority>): Promise<T>;
  /**
   * As `execute`, with `fallbacks` that are tried in order when it fails. They run outside the other layers, so each has
   * to be bounded by itself: a cached value, or the `execute` of another policy.
   */
  executeWithFallback<T>(
    operation: Operation<T>,
    fallbacks: readonly FallbackStep<T>[],
    options?: PolicyCallOptions<Priority> & Omit<FallbackOptions, "name">,
  ): Promise<ServedValue<T>>;
}

/** Composes the given layers into one policy, in the order of `POLICY_LAYERS`. */
export function policy<Priority extends string = string>(options: PolicyOptions<Priority>): Policy<Priority> {
  const { name, clock, shedder, deadlineMs } = options;
  const innerLayers = createInnerLayers(options);

  function executeIn<T>(
    caller: CallOptions,
    operation: Operation<T>,
    { deadline: callerDeadline, priority }: PolicyCallOptions<Priority>,
  ): Promise<T> {
    const deadline = deadlineMs === undefined ? callerDeadline : tighten(callerDeadline, deadlineMs, clock);
    let next = innerLayers.wrap(operation, deadline);
    if (shedder !== undefined && priority !== undefined) next = shedBefore(next, shedder, priority);
    if (deadline === undefined) return start(next, scopeOf(caller));
    return runWithDeadline(next, { clock, deadline, name }, caller);
  }

  return {
    name,
    layers: [
      ...(deadlineMs === undefined ? [] : (["deadline"] as const)),
      ...(shedder === undefined ? [] : (["shedder"] as const)),
      ...innerLayers.kinds,
    ],
    execute: (operation, options = {}) => executeIn(options, operation, options),
    executeWithFallback(operation, fallbacks, options = {}) {
      const primary = { name, run: (call: Call) => executeIn(call, operation, options) };
      return runFallbackChain([primary, ...fallbacks], { ...options, name }, options);
    },
  };
}

function tighten(callerDeadline: Deadline | undefined, deadlineMs: number, clock: Clock): Deadline {
  return callerDeadline?.within(deadlineMs) ?? createDeadline(deadlineMs, clock);
}

function shedBefore<T, Priority extends string>(
  operation: Operation<T>,
  shedder: LoadShedder<Priority>,
  priority: Priority,
): Operation<T> {
  return (call) => {
    shedder.admit(priority);
    return operation(call);
  };
}

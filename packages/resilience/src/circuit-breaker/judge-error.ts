import type { CallScope } from "../call/call-scope.js";
import { isTimeLimit, ResilienceError } from "../resilience-error.js";

/** What one call says about its dependency; `ignored` says nothing. */
export type CallOutcome = "success" | "failure" | "ignored";

/**
 * Whose fault an error is: `true` the dependency's; `false` it answered and is well (a 400); `undefined` it says nothing
 * about its health (a 429).
 */
export type IsFailure = (error: unknown) => boolean | undefined;

/** Refusals by a policy further in and calls that were cancelled count for nothing; `isFailure` judges the rest. */
export function judgeError(error: unknown, call: CallScope, isFailure: IsFailure): CallOutcome {
  if (error instanceof ResilienceError && error.refused) return "ignored";
  if (call.aborted && !isTimeLimit(call.reason)) return "ignored";
  const failed = isFailure(error);
  if (failed === undefined) return "ignored";
  return failed ? "failure" : "success";
}

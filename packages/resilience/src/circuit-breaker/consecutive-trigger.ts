import type { CircuitTrigger } from "./circuit-trigger.js";
import { requireCount } from "../require-option.js";

/** Opens after this many calls in a row that failed or were slow. */
export interface ConsecutiveTriggerOptions {
  kind: "consecutive";
  failures: number;
}

export function createConsecutiveTrigger(options: ConsecutiveTriggerOptions): CircuitTrigger {
  const limit = requireCount("failures", options.failures);
  let inARow = 0;
  return {
    usesTime: false,
    record(outcome) {
      inARow = outcome === "success" ? 0 : inARow + 1;
      return inARow >= limit;
    },
    reset() {
      inARow = 0;
    },
  };
}

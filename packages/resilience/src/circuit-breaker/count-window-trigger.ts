import { requireCount } from "../require-option.js";
import type { CircuitTrigger, CountedOutcome } from "./circuit-trigger.js";
import { exceedsThresholds, resolveRateThresholds, type RateThresholdOptions } from "./rate-thresholds.js";

/** Opens by the rates among the last `size` calls, however long ago they were. */
export interface CountWindowTriggerOptions extends RateThresholdOptions {
  kind: "count-window";
  /** Calls in the window; at least `minimumCalls`. */
  size: number;
}

export function createCountWindowTrigger(options: CountWindowTriggerOptions): CircuitTrigger {
  const size = requireCount("size", options.size);
  const thresholds = resolveRateThresholds(options);
  if (thresholds.minimumCalls > size) throw new RangeError("minimumCalls must not be above size");
  const window: CountedOutcome[] = [];
  const counts = { total: 0, failed: 0, slow: 0 };
  let next = 0;

  function count(outcome: CountedOutcome, by: 1 | -1): void {
    counts.total += by;
    if (outcome === "failure") counts.failed += by;
    else if (outcome === "slow") counts.slow += by;
  }

  return {
    usesTime: false,
    record(outcome) {
      const oldest = window[next];
      if (oldest !== undefined) count(oldest, -1);
      window[next] = outcome;
      count(outcome, 1);
      next = next + 1 === size ? 0 : next + 1;
      return exceedsThresholds(counts, thresholds);
    },
    reset() {
      window.length = 0;
      next = 0;
      counts.total = counts.failed = counts.slow = 0;
    },
  };
}

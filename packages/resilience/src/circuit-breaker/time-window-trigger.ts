import { requireAtLeast, requireCount } from "../require-option.js";
import type { CircuitTrigger } from "./circuit-trigger.js";
import {
  exceedsThresholds,
  resolveRateThresholds,
  type CallCounts,
  type RateThresholdOptions,
} from "./rate-thresholds.js";

/** Opens by the rates among the calls of the last `windowMs`. */
export interface TimeWindowTriggerOptions extends RateThresholdOptions {
  kind: "time-window";
  windowMs: number;
  /** Slices of the window (default 10): it forgets one slice at a time. */
  buckets?: number | undefined;
}

/**
 * Counts calls in a ring of buckets. Every bucket that time has passed is emptied before a call is counted, so that after
 * a pause of any length only calls of the last `windowMs` are left.
 */
export function createTimeWindowTrigger(options: TimeWindowTriggerOptions): CircuitTrigger {
  const bucketCount = requireCount("buckets", options.buckets ?? 10);
  const bucketMs = requireAtLeast("windowMs", options.windowMs, 1) / bucketCount;
  const thresholds = resolveRateThresholds(options);
  const buckets = Array.from({ length: bucketCount }, (): CallCounts => ({ total: 0, failed: 0, slow: 0 }));
  const totals: CallCounts = { total: 0, failed: 0, slow: 0 };
  let currentTick = 0;

  function clear(bucket: CallCounts): void {
    totals.total -= bucket.total;
    totals.failed -= bucket.failed;
    totals.slow -= bucket.slow;
    bucket.total = bucket.failed = bucket.slow = 0;
  }

  function bucketAt(tick: number): CallCounts {
    const passed = Math.min(tick - currentTick, bucketCount);
    for (let step = 0; step < passed; step += 1) {
      const expired = buckets[(tick - step) % bucketCount];
      if (expired !== undefined) clear(expired);
    }
    currentTick = Math.max(tick, currentTick);
    return buckets[currentTick % bucketCount] as CallCounts;
  }

  return {
    usesTime: true,
    record(outcome, atMs) {
      const bucket = bucketAt(Math.floor(atMs / bucketMs));
      bucket.total += 1;
      totals.total += 1;
      if (outcome === "failure") {
        bucket.failed += 1;
        totals.failed += 1;
      } else if (outcome === "slow") {
        bucket.slow += 1;
        totals.slow += 1;
      }
      return exceedsThresholds(totals, thresholds);
    },
    reset() {
      for (const bucket of buckets) clear(bucket);
    },
  };
}

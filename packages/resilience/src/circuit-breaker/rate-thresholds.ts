import { requireCount, requireShare } from "../require-option.js";

/** When a window of calls is bad enough to open the circuit. */
export interface RateThresholdOptions {
  /** Calls that must be in the window before its rates mean anything. */
  minimumCalls: number;
  /** Share of calls, above 0 and at most 1, that failed. */
  failureRate: number;
  /** Share of calls, above 0 and at most 1, that failed or were slow. Absent: slow calls count for nothing here. */
  slowCallRate?: number | undefined;
}

export interface CallCounts {
  total: number;
  failed: number;
  slow: number;
}

export interface RateThresholds {
  readonly minimumCalls: number;
  readonly failureRate: number;
  readonly slowCallRate: number;
}

export function resolveRateThresholds(options: RateThresholdOptions): RateThresholds {
  return {
    minimumCalls: requireCount("minimumCalls", options.minimumCalls),
    failureRate: requireShare("failureRate", options.failureRate),
    slowCallRate:
      options.slowCallRate === undefined
        ? Number.POSITIVE_INFINITY
        : requireShare("slowCallRate", options.slowCallRate),
  };
}

export function exceedsThresholds({ total, failed, slow }: CallCounts, thresholds: RateThresholds): boolean {
  if (total < thresholds.minimumCalls) return false;
  return failed >= thresholds.failureRate * total || failed + slow >= thresholds.slowCallRate * total;
}

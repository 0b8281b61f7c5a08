import { requireAtLeast, requireCount } from "../require-option.js";

export interface AdaptiveTimeoutOptions {
  /** Bounds of the answer, whatever was measured and whatever the factor. */
  minMs: number;
  maxMs: number;
  /** Before the factor, until there are `minimumSamples`. Default `maxMs`. */
  initialMs?: number | undefined;
  /** Time on top of the 95th percentile: as a share of it (default 0.5) and in milliseconds (default 0). */
  marginShare?: number | undefined;
  marginMs?: number | undefined;
  /** Durations that are kept; older ones are forgotten. Default 200. */
  windowSize?: number | undefined;
  /** Default 20. */
  minimumSamples?: number | undefined;
  /** Multiplies the result: the degradation level's timeout factor. Default 1. */
  readFactor?: (() => number) | undefined;
}

export interface AdaptiveTimeout {
  /** The limit for the next call. */
  timeoutMs(): number;
  /**
   * Adds the duration of a call that succeeded, or the limit of one that ran into it: leaving those out would make every
   * limit look generous, and it could never grow.
   */
  record(durationMs: number): void;
}

const PERCENTILE = 0.95;
const RECALCULATIONS_PER_WINDOW = 20;

/** A time limit that follows what calls really take: their 95th percentile plus a margin, times a factor. */
export function createAdaptiveTimeout(options: AdaptiveTimeoutOptions): AdaptiveTimeout {
  const minMs = requireAtLeast("minMs", options.minMs);
  const maxMs = requireAtLeast("maxMs", options.maxMs, minMs);
  const initialMs = options.initialMs ?? maxMs;
  const marginShare = requireAtLeast("marginShare", options.marginShare ?? 0.5);
  const marginMs = requireAtLeast("marginMs", options.marginMs ?? 0);
  const windowSize = requireCount("windowSize", options.windowSize ?? 200);
  const minimumSamples = Math.min(windowSize, requireCount("minimumSamples", options.minimumSamples ?? 20));
  const readFactor = options.readFactor ?? (() => 1);
  const recalculateEvery = Math.ceil(windowSize / RECALCULATIONS_PER_WINDOW);
  const durationsMs: number[] = [];
  let next = 0;
  let unseenSamples = 0;
  let learnedMs: number | undefined;

  return {
    timeoutMs() {
      return Math.max(minMs, Math.min(maxMs, (learnedMs ?? initialMs) * readFactor()));
    },
    record(durationMs) {
      durationsMs[next] = durationMs;
      next = (next + 1) % windowSize;
      unseenSamples += 1;
      if (durationsMs.length < minimumSamples) return;
      if (learnedMs !== undefined && unseenSamples < recalculateEvery) return;
      unseenSamples = 0;
      learnedMs = findPercentile(durationsMs) * (1 + marginShare) + marginMs;
    },
  };
}

function findPercentile(durationsMs: readonly number[]): number {
  const sorted = durationsMs.toSorted((left, right) => left - right);
  return sorted[Math.ceil(sorted.length * PERCENTILE) - 1] ?? 0;
}

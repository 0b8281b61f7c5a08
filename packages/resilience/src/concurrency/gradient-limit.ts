import { requireAtLeast, requireCount } from "../require-option.js";
import type { ConcurrencyLimit, LimitSample } from "./concurrency-limit.js";

export interface GradientLimitOptions {
  /** Default 20. */
  initial?: number | undefined;
  /** Default 1. */
  min?: number | undefined;
  /** Default 200. */
  max?: number | undefined;
  /** How much slower than usual a call may be before the limit falls. Default 1.5. */
  tolerance?: number | undefined;
  /** Share of a new estimate that is taken over at once. Default 0.2. */
  smoothing?: number | undefined;
  /** Calls that the long average of durations spans. Default 600. */
  longWindow?: number | undefined;
  /** Calls that may queue at the dependency, and with it the speed of growth. Default 4. */
  queueSize?: number | undefined;
}

const WARM_UP_SAMPLES = 10;
const STEEPEST_GRADIENT = 0.5;
const RECOVERY_DRIFT = 0.95;
const OVERLOAD_FACTOR = 0.9;

/**
 * Finds how many calls a dependency takes before they queue there: it compares each duration with the long average, lets
 * the limit grow while they agree and shrink in proportion when calls get slower. Calls that leave more than half of the
 * limit unused teach it nothing, or it would grow without bound when there is little to do.
 *
 * The algorithm and its defaults are those of Gradient2 in Netflix's concurrency-limits
 * (https://github.com/Netflix/concurrency-limits/blob/main/concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit/Gradient2Limit.java),
 * akin to Envoy's gradient controller
 * (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/adaptive_concurrency_filter). Overload
 * multiplies the limit by 0.9, as in AIMDLimit of the same library, but at most once per round of calls: a burst that
 * times out together is one piece of news.
 */
export function createGradientLimit(options: GradientLimitOptions = {}): ConcurrencyLimit {
  const min = requireCount("min", options.min ?? 1);
  const max = requireAtLeast("max", options.max ?? 200, min);
  const tolerance = requireAtLeast("tolerance", options.tolerance ?? 1.5, 1);
  const smoothing = requireAtLeast("smoothing", options.smoothing ?? 0.2);
  const queueSize = requireAtLeast("queueSize", options.queueSize ?? 4);
  const longAverage = createLongAverage(requireCount("longWindow", options.longWindow ?? 600));
  let estimate = clamp(options.initial ?? 20);
  let samplesBeforeNextCut = 0;

  function clamp(limit: number): number {
    return Math.max(min, Math.min(max, limit));
  }

  function cut(): void {
    if (samplesBeforeNextCut > 0) return;
    samplesBeforeNextCut = Math.floor(estimate);
    estimate = clamp(estimate * OVERLOAD_FACTOR);
  }

  function follow({ durationMs, inFlight }: LimitSample): void {
    const shortMs = Math.max(durationMs, Number.MIN_VALUE);
    const longMs = longAverage.add(shortMs);
    if (longMs / shortMs > 2) longAverage.scale(RECOVERY_DRIFT);
    if (inFlight < estimate / 2) return;
    const gradient = Math.max(STEEPEST_GRADIENT, Math.min(1, (tolerance * longMs) / shortMs));
    const target = estimate * gradient + queueSize;
    estimate = clamp(estimate * (1 - smoothing) + target * smoothing);
  }

  return {
    get current() {
      return Math.floor(estimate);
    },
    record(sample) {
      if (samplesBeforeNextCut > 0) samplesBeforeNextCut -= 1;
      if (sample.overloaded) cut();
      else follow(sample);
    },
  };
}

/** A plain mean of the first samples, an exponential one from there on. */
function createLongAverage(window: number) {
  const weight = 2 / (window + 1);
  let count = 0;
  let mean = 0;
  return {
    add(value: number): number {
      count = Math.min(count + 1, WARM_UP_SAMPLES + 1);
      mean += (value - mean) * (count <= WARM_UP_SAMPLES ? 1 / count : weight);
      return mean;
    },
    scale(factor: number): void {
      mean *= factor;
    },
  };
}

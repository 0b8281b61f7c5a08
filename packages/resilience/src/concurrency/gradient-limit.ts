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
  /** Calls at low load that the average of usual durations spans. Default 100. */
  usualWindow?: number | undefined;
  /** Calls after which the limit is halved for a moment, to learn anew what is usual. Default 200. */
  probeEvery?: number | undefined;
  /** Calls that may queue at the dependency, and with it the speed of growth. Default 4. */
  queueSize?: number | undefined;
}

const WARM_UP_SAMPLES = 10;
const PROBE_SAMPLES = 10;
const STEEPEST_GRADIENT = 0.5;
const RECOVERY_DRIFT = 0.95;
const OVERLOAD_FACTOR = 0.9;

/**
 * Finds how many calls a dependency takes before they queue there: it compares each duration with the usual one, lets
 * the limit grow while they agree and shrink in proportion when calls get slower. Calls that leave more than half of the
 * limit unused do not move it, or it would grow without bound when there is little to do.
 *
 * The formula and its constants are those of Gradient2 in Netflix's concurrency-limits
 * (https://github.com/Netflix/concurrency-limits/blob/main/concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit/Gradient2Limit.java).
 * Gradient2 learns what is usual from every call, so under steady full load it takes queueing for usual and creeps up to
 * its maximum. Here only calls at no more than half the limit count as usual, and the limit is halved now and then to
 * get some, as Envoy's gradient controller does
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
  const probeEvery = requireCount("probeEvery", options.probeEvery ?? 200);
  const usual = createAverage(requireCount("usualWindow", options.usualWindow ?? 100));
  let estimate = clamp(options.initial ?? 20);
  let samplesBeforeNextCut = 0;
  let samplesBeforeNextProbe = probeEvery;

  function clamp(limit: number): number {
    return Math.max(min, Math.min(max, limit));
  }

  function isProbing(): boolean {
    return samplesBeforeNextProbe <= 0;
  }

  function countDown(isLowLoad: boolean): void {
    if (samplesBeforeNextCut > 0) samplesBeforeNextCut -= 1;
    if (!isProbing() || isLowLoad) samplesBeforeNextProbe -= 1;
    if (samplesBeforeNextProbe <= -PROBE_SAMPLES) samplesBeforeNextProbe = probeEvery;
  }

  function cut(): void {
    if (samplesBeforeNextCut > 0) return;
    samplesBeforeNextCut = Math.floor(estimate);
    estimate = clamp(estimate * OVERLOAD_FACTOR);
  }

  function follow(durationMs: number, isLowLoad: boolean): void {
    const shortMs = Math.max(durationMs, Number.MIN_VALUE);
    if (isLowLoad || usual.isWarmingUp) usual.add(shortMs);
    if (usual.mean / shortMs > 2) usual.scale(RECOVERY_DRIFT);
    if (isLowLoad) return;
    const gradient = Math.max(STEEPEST_GRADIENT, Math.min(1, (tolerance * usual.mean) / shortMs));
    const target = estimate * gradient + queueSize;
    estimate = clamp(estimate * (1 - smoothing) + target * smoothing);
  }

  return {
    get current() {
      return Math.max(min, Math.floor(isProbing() ? estimate / 2 : estimate));
    },
    record({ durationMs, inFlight, overloaded }: LimitSample) {
      const isLowLoad = inFlight <= Math.max(min, Math.floor(estimate / 2)) && estimate > min;
      countDown(isLowLoad);
      if (overloaded) cut();
      else follow(durationMs, isLowLoad);
    },
  };
}

/** A plain mean of the first samples, an exponential one over `window` samples from there on. */
function createAverage(window: number) {
  const weight = 2 / (window + 1);
  let count = 0;
  let mean = 0;
  return {
    get mean() {
      return mean;
    },
    get isWarmingUp() {
      return count < WARM_UP_SAMPLES;
    },
    add(value: number): void {
      count = Math.min(count + 1, WARM_UP_SAMPLES + 1);
      mean += (value - mean) * (count <= WARM_UP_SAMPLES ? 1 / count : weight);
    },
    scale(factor: number): void {
      mean *= factor;
    },
  };
}

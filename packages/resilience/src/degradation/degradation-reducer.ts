import { DEGRADATION_LEVELS, isWorse, levelForScore, rankOf, type DegradationLevel } from "./degradation-levels.js";

/** When the level follows the score. All durations in milliseconds. */
export interface DegradationTiming {
  /** The level falls once the score was that bad for this long, in all, within `badWindowMs`. */
  readonly worsenAfterMs: number;
  readonly badWindowMs: number;
  /** The level rises once the score was that good, without a break, for this long. */
  readonly improveAfterMs: number;
  /** A level that has just changed does not rise before this. */
  readonly dwellMs: number;
  /** How far above the threshold of a better level the score must be to count as good. */
  readonly hysteresis: number;
}

/** Follows a fault within 2 s, holds through one that comes and goes, and is back 15 s after it ended. */
export const DEFAULT_DEGRADATION_TIMING: DegradationTiming = {
  worsenAfterMs: 2000,
  badWindowMs: 10_000,
  improveAfterMs: 15_000,
  dwellMs: 10_000,
  hysteresis: 0.05,
};

/** A stretch of time in which the score kept to one pair of levels. It lasts until the next one begins. */
interface ScoreSpan {
  readonly fromMs: number;
  /** The level of the score as it is, which counts for falling. */
  readonly level: DegradationLevel;
  /** The level of the score less the hysteresis, which counts for rising. */
  readonly cautiousLevel: DegradationLevel;
}

export interface DegradationState {
  /** The level in force: the pinned one where there is one. */
  readonly level: DegradationLevel;
  readonly automaticLevel: DegradationLevel;
  readonly pinned: DegradationLevel | undefined;
  /** When the automatic level last changed. */
  readonly changedAtMs: number;
  /** What the score did of late, oldest first; bounded. */
  readonly spans: readonly ScoreSpan[];
}

/** `atMs` is monotonic and never falls from one event to the next. A score holds until the next one. */
export type DegradationEvent =
  | { readonly kind: "score"; readonly score: number; readonly atMs: number }
  | { readonly kind: "pin"; readonly level: DegradationLevel }
  | { readonly kind: "unpin" };

/** Bounds the memory of a score that swings faster than anybody should send it; the oldest spans are dropped. */
const MAX_SPANS = 256;

export function createDegradationState(atMs: number): DegradationState {
  return { level: "normal", automaticLevel: "normal", pinned: undefined, changedAtMs: atMs, spans: [] };
}

/**
 * The next state of the degradation controller: pure, so that its behaviour over hours is tested in milliseconds.
 *
 * Falling asks how long the score was bad in total, rising asks how long it was good without a break. A fault that comes
 * and goes therefore lowers the level once and holds it, instead of dragging it up and down. Both go straight to where
 * the evidence points, over several levels if need be. While pinned, the automatic level goes on following the score, so
 * that unpinning does not start from an old picture.
 */
export function reduceDegradation(
  state: DegradationState,
  event: DegradationEvent,
  timing: DegradationTiming = DEFAULT_DEGRADATION_TIMING,
): DegradationState {
  switch (event.kind) {
    case "pin":
      return { ...state, level: event.level, pinned: event.level };
    case "unpin":
      return { ...state, level: state.automaticLevel, pinned: undefined };
    case "score":
      return followScore(state, event.score, event.atMs, timing);
  }
}

function followScore(
  state: DegradationState,
  score: number,
  atMs: number,
  timing: DegradationTiming,
): DegradationState {
  const spans = rememberScore(state.spans, score, atMs, timing);
  const automaticLevel = chooseLevel(state, spans, atMs, timing);
  return {
    level: state.pinned ?? automaticLevel,
    automaticLevel,
    pinned: state.pinned,
    changedAtMs: automaticLevel === state.automaticLevel ? state.changedAtMs : atMs,
    spans,
  };
}

function rememberScore(
  spans: readonly ScoreSpan[],
  score: number,
  atMs: number,
  timing: DegradationTiming,
): readonly ScoreSpan[] {
  const level = levelForScore(score);
  const cautiousLevel = score >= 1 - timing.hysteresis ? level : levelForScore(score - timing.hysteresis);
  const last = spans.at(-1);
  if (last?.level === level && last.cautiousLevel === cautiousLevel && spans.length === 1) return spans;
  const horizonMs = atMs - Math.max(timing.badWindowMs, timing.improveAfterMs);
  const kept = spans.filter((_span, index) => (spans[index + 1]?.fromMs ?? atMs) > horizonMs);
  if (last?.level === level && last.cautiousLevel === cautiousLevel) return kept;
  return [...kept, { fromMs: atMs, level, cautiousLevel }].slice(-MAX_SPANS);
}

function chooseLevel(
  state: DegradationState,
  spans: readonly ScoreSpan[],
  atMs: number,
  timing: DegradationTiming,
): DegradationLevel {
  const current = state.automaticLevel;
  const fallen = findProvenBadLevel(spans, atMs, timing);
  if (isWorse(fallen, current)) return fallen;
  if (atMs - state.changedAtMs < timing.dwellMs) return current;
  const risen = findProvenGoodLevel(spans, atMs, timing);
  return isWorse(current, risen) ? risen : current;
}

/** The worst level at which, or below which, the score lay for `worsenAfterMs` in all. */
function findProvenBadLevel(spans: readonly ScoreSpan[], atMs: number, timing: DegradationTiming): DegradationLevel {
  const timeAtRankMs = DEGRADATION_LEVELS.map(() => 0);
  for (const [index, span] of spans.entries()) {
    const fromMs = Math.max(span.fromMs, atMs - timing.badWindowMs);
    const untilMs = spans[index + 1]?.fromMs ?? atMs;
    const rank = rankOf(span.level);
    timeAtRankMs[rank] = (timeAtRankMs[rank] ?? 0) + Math.max(0, untilMs - fromMs);
  }
  let badMs = 0;
  for (const level of [...DEGRADATION_LEVELS].reverse()) {
    badMs += timeAtRankMs[rankOf(level)] ?? 0;
    if (badMs >= timing.worsenAfterMs && badMs > 0) return level;
  }
  return "normal";
}

/** The worst cautious level within the last `improveAfterMs`; `maintenance` while less than that is known. */
function findProvenGoodLevel(spans: readonly ScoreSpan[], atMs: number, timing: DegradationTiming): DegradationLevel {
  const sinceMs = atMs - timing.improveAfterMs;
  const first = spans[0];
  if (first === undefined || first.fromMs > sinceMs) return "maintenance";
  let worst: DegradationLevel = "normal";
  for (const [index, span] of spans.entries()) {
    const untilMs = spans[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    if (untilMs > sinceMs && isWorse(span.cautiousLevel, worst)) worst = span.cautiousLevel;
  }
  return worst;
}

/** Best first. */
export const DEGRADATION_LEVELS = ["normal", "limited", "essential", "emergency", "maintenance"] as const;

export type DegradationLevel = (typeof DEGRADATION_LEVELS)[number];

/** What a level can switch off. Model providers are none of these: without them there is no product. */
export type DegradableFeature =
  | "advanced_analytics"
  | "collaboration_features"
  | "swarm_intelligence"
  | "memory_integration"
  | "real_time_streaming"
  | "ai_optimization"
  | "external_integrations"
  | "webhook_notifications";

export interface LevelFacts {
  /** The health score, from 0 to 1, at which the level begins. */
  readonly minScore: number;
  /** What this level switches off beside what the levels before it did. */
  readonly switchesOff: readonly DegradableFeature[];
  readonly timeoutFactor: number;
  readonly cacheTtlMs: number;
  readonly acceptsTurns: boolean;
}

export const LEVEL_FACTS: Readonly<Record<DegradationLevel, LevelFacts>> = {
  normal: { minScore: 0.8, switchesOff: [], timeoutFactor: 1, cacheTtlMs: 300_000, acceptsTurns: true },
  limited: {
    minScore: 0.6,
    switchesOff: ["advanced_analytics", "collaboration_features"],
    timeoutFactor: 1.5,
    cacheTtlMs: 600_000,
    acceptsTurns: true,
  },
  essential: {
    minScore: 0.4,
    switchesOff: ["swarm_intelligence", "memory_integration", "real_time_streaming", "ai_optimization"],
    timeoutFactor: 2,
    cacheTtlMs: 1_800_000,
    acceptsTurns: true,
  },
  emergency: {
    minScore: 0.2,
    switchesOff: ["external_integrations", "webhook_notifications"],
    timeoutFactor: 3,
    cacheTtlMs: 3_600_000,
    acceptsTurns: true,
  },
  maintenance: { minScore: 0, switchesOff: [], timeoutFactor: 5, cacheTtlMs: 7_200_000, acceptsTurns: false },
};

/** 0 for `normal` up to 4 for `maintenance`. */
export function rankOf(level: DegradationLevel): number {
  return DEGRADATION_LEVELS.indexOf(level);
}

export function isWorse(level: DegradationLevel, than: DegradationLevel): boolean {
  return rankOf(level) > rankOf(than);
}

/** The level in which a health score lies, without any hysteresis. */
export function levelForScore(score: number): DegradationLevel {
  return DEGRADATION_LEVELS.find((level) => score >= LEVEL_FACTS[level].minScore) ?? "maintenance";
}

/** Everything that is off at a level. */
export function featuresOffAt(level: DegradationLevel): readonly DegradableFeature[] {
  return DEGRADATION_LEVELS.slice(0, rankOf(level) + 1).flatMap((passed) => LEVEL_FACTS[passed].switchesOff);
}

/** Whether a feature may run at a level. */
export function isFeatureOn(feature: DegradableFeature, level: DegradationLevel): boolean {
  return !featuresOffAt(level).includes(feature);
}

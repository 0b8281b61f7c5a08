import { LEVEL_FACTS, type DegradationLevel } from "./degradation-levels.js";

export interface ComponentHealth {
  name: string;
  /** From 0 (dead) to 1 (well). */
  health: number;
  /** What its death takes from the score of 1. */
  weight: number;
  /** The worst level that its death alone can cause. */
  worstLevel: DegradationLevel;
}

export interface HealthScore {
  /** From 0 to 1. */
  score: number;
  /** What took from it, the heaviest first. */
  reasons: { component: string; deduction: number }[];
}

/**
 * The health of the whole: 1, less each component's weight times what it lacks. However many components fail, the score
 * stays in the worst level that one of the failing ones is allowed to cause.
 */
export function scoreComponents(components: readonly ComponentHealth[]): HealthScore {
  let score = 1;
  let lowest = 1;
  const reasons: HealthScore["reasons"] = [];
  for (const { name, health, weight, worstLevel } of components) {
    const deduction = weight * (1 - Math.max(0, Math.min(1, health)));
    if (deduction === 0) continue;
    score -= deduction;
    lowest = Math.min(lowest, LEVEL_FACTS[worstLevel].minScore);
    reasons.push({ component: name, deduction });
  }
  reasons.sort((left, right) => right.deduction - left.deduction);
  return { score: Math.max(score, lowest, 0), reasons };
}

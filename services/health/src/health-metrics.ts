import type { SystemState } from "@ai-orchestra/contracts";
import { rankOf } from "@ai-orchestra/resilience";
import type { Metrics } from "@ai-orchestra/telemetry";

export interface HealthMetrics {
  observe(state: SystemState, isLeader: boolean): void;
  countLevelChange(to: string): void;
}

export function createHealthMetrics(metrics: Metrics): HealthMetrics {
  const score = metrics.gauge({ name: "health_score", help: "The system's health from 0 to 1." });
  const level = metrics.gauge({
    name: "degradation_level",
    help: "0 normal, 1 limited, 2 essential, 3 emergency, 4 maintenance.",
  });
  const leader = metrics.gauge({ name: "health_leader", help: "1 where this instance decides the level." });
  const changes = metrics.counter({
    name: "degradation_changes_total",
    help: "Changes of the degradation level that this instance decided.",
    labelNames: ["to"],
  });
  return {
    observe(state, isLeader) {
      score.set(state.score);
      level.set(rankOf(state.level));
      leader.set(isLeader ? 1 : 0);
    },
    countLevelChange: (to) => changes.inc({ to }),
  };
}

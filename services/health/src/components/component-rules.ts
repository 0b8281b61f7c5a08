import type { DegradationLevel } from "@ai-orchestra/resilience";

/** What the death of a component takes from the score, and the worst level that it alone causes. */
export interface ComponentRule {
  readonly weight: number;
  readonly worstLevel: DegradationLevel;
}

/** Without a gateway or an orchestrator nothing works; without the rest something does. */
export const COMPONENT_RULES = {
  gateway: { weight: 1, worstLevel: "maintenance" },
  orchestrator: { weight: 1, worstLevel: "maintenance" },
  memory: { weight: 0.5, worstLevel: "essential" },
  redis: { weight: 0.5, worstLevel: "essential" },
  flags: { weight: 0.3, worstLevel: "essential" },
  /** The queue of turns, as gateways find it: they refuse turns while it does not take them. */
  queue: { weight: 0.3, worstLevel: "limited" },
  /** One model provider among several. */
  provider: { weight: 0.25, worstLevel: "limited" },
  /** All model providers together: it is dead when the last one is. */
  providers: { weight: 0.8, worstLevel: "emergency" },
} as const satisfies Record<string, ComponentRule>;

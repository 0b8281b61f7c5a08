import { flagDefinitionSchema, type FlagDefinition } from "@ai-orchestra/contracts";

const DESCRIPTIONS = {
  v2_api: "Version 2 of the client protocol.",
  websocket_streaming: "Answers are streamed while they are made. Off: the text comes in one piece at the end.",
  swarm_intelligence: "Several agents draft an answer. Off: a turn's agents are left out and one model answers.",
  advanced_memory: "Turns see the history of their session. Off: every turn stands alone; history is still kept.",
  circuit_breakers: "A model that keeps failing is given a pause. Off: it is tried every time.",
  graceful_degradation: "The system's level switches features off. Off: levels have no effect on features.",
  enhanced_metrics: "Metrics of each turn beside those of the processes.",
  ai_optimization: "A turn's mode chooses its model. Off: every turn runs as balanced.",
} as const;

/** The flags that the product itself asks. */
export type ProductFlag = keyof typeof DESCRIPTIONS;

/** What the product's flags are until somebody changes them: on. Written on the first start, and in force before it. */
export const DEFAULT_FLAGS: readonly FlagDefinition[] = Object.entries(DESCRIPTIONS).map(([key, description]) =>
  flagDefinitionSchema.parse({ key, description, status: "enabled", tags: ["product"] }),
);

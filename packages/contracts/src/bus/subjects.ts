import type { Owner } from "../ids.js";

/** Names a turn on the bus. A session or turn id means nothing without its owner. */
export interface TurnKey {
  readonly owner: Owner;
  readonly sessionId: string;
  readonly turnId: string;
}

/** The queue's priorities, most urgent first, with their share of an orchestrator's slots when all have work. */
export const PRIORITIES = { high: 6, normal: 3, low: 1 } as const;

export type Priority = keyof typeof PRIORITIES;

/** Every subject outside the request/reply contracts. */
export const subjects = {
  turnQueue: (priority: Priority): string => `turns.queue.${priority}`,
  turnEvents: (key: TurnKey): string => `turns.events.${key.owner}.${key.sessionId}.${key.turnId}`,
  sessionEvents: (owner: Owner, sessionId: string): string => `turns.events.${owner}.${sessionId}.*`,
  turnControl: (key: TurnKey): string => `turns.control.${key.owner}.${key.sessionId}.${key.turnId}`,
  turnResult: (key: TurnKey): string => `turns.results.${key.owner}.${key.sessionId}.${key.turnId}`,
  heartbeat: (service: string, instance: string): string => `health.beat.${service}.${instance}`,
  allHeartbeats: "health.beat.*.*",
  flagExposures: "flags.exposures",
  serviceHeartbeats: (service: string): string => `health.beat.${service}.*`,
  breakerChange: (service: string, instance: string): string => `health.breaker.${service}.${instance}`,
  allBreakerChanges: "health.breaker.*.*",
  healthOverview: "health.overview",
} as const;

/** Key of a turn in the `cancels` bucket. */
export const cancelKey = (key: TurnKey): string => `${key.owner}.${key.sessionId}.${key.turnId}`;

/** Deduplication id of a turn in the queue. The same turn id in another session is another turn. */
export const turnMessageId = (key: TurnKey): string => `${key.owner}:${key.sessionId}:${key.turnId}`;

/** Names of JetStream streams, durable consumers and buckets. */
export const STREAMS = { turns: "TURNS", results: "RESULTS" } as const;
export const CONSUMERS = { memoryCommitLog: "memory-commit-log" } as const;
export const BUCKETS = {
  apiKeys: "api-keys",
  cancels: "cancels",
  system: "system",
  flags: "flags",
  flagReports: "flag-reports",
} as const;

import { z } from "zod";
import { idSchema } from "../ids.js";
import { defineCall } from "./call-contract.js";

/** Best first. What each one means for the product stands in `LEVEL_FACTS` of the resilience package. */
export const degradationLevelSchema = z.enum(["normal", "limited", "essential", "emergency", "maintenance"]);

/** `up`: all is well. `impaired`: it works, but not as it should. `unknown`: nothing was heard of it yet. */
export const componentStatusSchema = z.enum(["up", "impaired", "down", "unknown"]);

/** A part of the system as the facts show it: a service, what services depend on, or a model provider. */
export const componentReportSchema = z.object({
  name: z.string(),
  status: componentStatusSchema,
  /** From 0 (dead) to 1 (well). */
  score: z.number().min(0).max(1),
  /** What its death takes from the system's score of 1. */
  weight: z.number(),
  /** The worst level that its death alone causes. */
  worstLevel: degradationLevelSchema,
  /** Why it is not well; empty when it is. */
  reasons: z.array(z.string()),
});

export type ComponentReport = z.infer<typeof componentReportSchema>;

/** A level that an operator holds the system at. Times are epoch milliseconds. */
export const degradationPinSchema = z.object({
  level: degradationLevelSchema,
  reason: z.string(),
  by: z.string(),
  at: z.number(),
  /** When the level goes back to automatic by itself. */
  until: z.number().optional(),
});

export type DegradationPin = z.infer<typeof degradationPinSchema>;

/** Key `state` of the bucket `system`: what every service obeys. */
export const systemStateSchema = z.object({
  /** The level in force. */
  level: degradationLevelSchema,
  /** The level that the facts alone ask for. */
  automaticLevel: degradationLevelSchema,
  pinned: degradationPinSchema.optional(),
  /** When the level in force began, in epoch milliseconds. */
  since: z.number(),
  /** The system's health from 0 to 1. */
  score: z.number(),
  /** Features that are off at this level. */
  off: z.array(z.string()),
  /** What takes from the score, heaviest first. */
  reasons: z.array(z.string()),
});

export type SystemState = z.infer<typeof systemStateSchema>;

/** Key `leader` of the bucket `system`: the health instance that writes `state`, renewed while it lives. */
export const systemLeaderSchema = z.object({ instance: idSchema });

export const SYSTEM_KEYS = { state: "state", pin: "pin", leader: "leader" } as const;

export const breakerStateSchema = z.enum(["closed", "open", "half-open", "isolated"]);

export type BreakerState = z.infer<typeof breakerStateSchema>;

/** Published on `health.breaker.<service>.<instance>` whenever a circuit of that instance changes its state. */
export const breakerChangeSchema = z.object({
  service: idSchema,
  instance: idSchema,
  /** What the circuit guards: `memory`, `dispatch`, `model <provider>/<name>`. */
  breaker: z.string(),
  from: breakerStateSchema,
  to: breakerStateSchema,
  /** Epoch milliseconds. */
  at: z.number(),
  /** Error code of the call that opened it. */
  code: z.string().optional(),
});

export type BreakerChange = z.infer<typeof breakerChangeSchema>;

/** A circuit that is not closed, in one instance. */
const openBreakerSchema = z.object({
  service: idSchema,
  instance: idSchema,
  breaker: z.string(),
  state: breakerStateSchema,
});

export type OpenBreaker = z.infer<typeof openBreakerSchema>;

/** `silent`: in the service directory, but without a heartbeat. `lost`: it stopped sending heartbeats. */
const instanceReportSchema = z.object({
  service: idSchema,
  instance: idSchema,
  version: z.string(),
  status: z.enum(["starting", "ready", "degraded", "draining", "lost", "silent"]),
  opsUrl: z.string(),
  /** Epoch milliseconds of the last heartbeat; absent when there was none. */
  seenAt: z.number().optional(),
  /** Subjects that it serves, as the service directory says. */
  endpoints: z.array(z.string()),
});

export type InstanceReport = z.infer<typeof instanceReportSchema>;

/** Everything the health service knows. The leader publishes it on `health.overview` once a second. */
export const healthOverviewSchema = z.object({
  state: systemStateSchema,
  components: z.array(componentReportSchema),
  instances: z.array(instanceReportSchema),
  breakers: z.array(openBreakerSchema),
  /** The instance that wrote this. */
  reportedBy: idSchema,
  leader: idSchema.optional(),
  /** Epoch milliseconds. */
  at: z.number(),
});

export type HealthOverview = z.infer<typeof healthOverviewSchema>;

/** What is known now; answered from memory by any health instance. */
export const healthOverviewGet = defineCall({
  subject: "health.overview.get",
  request: z.object({}),
  response: healthOverviewSchema,
  timeoutMs: 2_000,
});

/** Holds the system at a level until it is unpinned or `ttlMs` have passed. Answers once the level is in force. */
export const healthDegradationPin = defineCall({
  subject: "health.degradation.pin",
  request: z.object({
    level: degradationLevelSchema,
    reason: z.string().trim().min(1).max(500),
    by: z.string().min(1).max(200),
    ttlMs: z
      .int()
      .min(1_000)
      .max(30 * 86_400_000)
      .optional(),
  }),
  response: systemStateSchema,
  timeoutMs: 8_000,
});

/** Returns to the automatic level; no error when nothing is pinned. */
export const healthDegradationUnpin = defineCall({
  subject: "health.degradation.unpin",
  request: z.object({}),
  response: systemStateSchema,
  timeoutMs: 8_000,
});

import type { pinDegradationSchema } from "@ai-orchestra/contracts";
import type { z } from "zod";
import type { ApiRoute } from "../api-route.js";

const route = { tag: "admin", access: "private", scope: "admin" } as const;

const wanted: z.input<typeof pinDegradationSchema> = { level: "maintenance", reason: "new disks", ttlMs: 600_000 };
const automatic = {
  level: "normal",
  automaticLevel: "normal",
  since: "2026-01-15T09:30:00.000Z",
  score: 1,
  off: [],
  reasons: [],
  pinned: null,
};
const pinned = {
  ...automatic,
  level: "maintenance",
  off: ["advanced_analytics"],
  pinned: {
    level: "maintenance",
    reason: "new disks",
    by: "ops",
    at: "2026-01-15T09:30:00.000Z",
    until: "2026-01-15T09:40:00.000Z",
  },
};
const breaker = {
  type: "breaker",
  service: "orchestrator",
  instance: "orchestrator-1",
  breaker: "memory",
  from: "closed",
  to: "open",
  at: "2026-01-15T09:30:00.000Z",
  code: "timeout",
};

const answerWith = (example: unknown) => [
  {
    status: 200,
    description: "The level in force.",
    contents: [{ type: "application/json", schemas: ["Degradation"] as const, example }],
  } as const,
];

export const DEGRADATION_ROUTES: readonly ApiRoute[] = [
  {
    ...route,
    method: "GET",
    path: "/admin/degradation",
    operationId: "getDegradation",
    summary: "The degradation level in force",
    answers: answerWith(automatic),
    errors: [],
  },
  {
    ...route,
    method: "PUT",
    path: "/admin/degradation",
    operationId: "pinDegradation",
    summary: "Hold the system at a level",
    description: "Answers once the level is in force; every service obeys within a second.",
    body: { schemas: ["PinDegradation"], example: wanted },
    answers: answerWith(pinned),
    errors: ["invalid_request", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "DELETE",
    path: "/admin/degradation",
    operationId: "unpinDegradation",
    summary: "Let the level follow the system's health again",
    answers: answerWith(automatic),
    errors: ["unavailable", "timeout"],
  },
  {
    ...route,
    method: "GET",
    path: "/admin/health",
    operationId: "getSystemHealth",
    summary: "Components, instances, open circuits and the level",
    answers: [
      {
        status: 200,
        description: "Everything the health service knows.",
        contents: [
          {
            type: "application/json",
            schemas: ["SystemHealth"],
            example: {
              state: automatic,
              components: [],
              instances: [],
              breakers: [],
              reportedBy: "health-1",
              at: 1_768_469_400_000,
            },
          },
        ],
      },
    ],
    errors: ["unavailable", "timeout"],
  },
  {
    ...route,
    method: "GET",
    path: "/admin/events",
    operationId: "streamSystemEvents",
    summary: "Changes of the level and of circuits as they happen",
    description: "Begins with the level in force and every circuit that is not closed.",
    answers: [
      {
        status: 200,
        description: "The stream, with the events `level` and `breaker`.",
        contents: [
          {
            type: "text/event-stream",
            schemas: ["LevelEvent", "BreakerEvent"],
            example: [{ type: "level", ...automatic }, breaker],
          },
        ],
      },
    ],
    errors: ["overloaded"],
  },
];

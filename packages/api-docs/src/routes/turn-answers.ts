import type { ErrorCode } from "@ai-orchestra/contracts";

/** How a turn may fail, beside being refused. */
export const TURN_FAILURES: readonly ErrorCode[] = [
  "session_busy",
  "not_found",
  "overloaded",
  "maintenance",
  "timeout",
  "cancelled",
  "provider_error",
  "provider_unavailable",
  "attempts_exhausted",
  "unavailable",
];

/** Headers of an answer that belongs to a turn. */
export const TURN_HEADERS = {
  "x-orchestra-turn-id": "The turn's id.",
  "x-orchestra-session-id": "The session's id.",
} as const;

import type { ChatResponseV1, ChatResponseV2, V1ClientFrame, V1ServerFrame } from "@ai-orchestra/contracts";

const timestamp = "2026-01-15T09:30:00.000Z";

export const CHAT_REQUEST_V1_EXAMPLE = { message: "Why is the sky blue?", session_id: "session-1" };

export const CHAT_RESPONSE_V1_EXAMPLE: ChatResponseV1 = {
  api_version: "1.0",
  request_id: "request-1",
  timestamp,
  session_id: "session-1",
  response: "Sunlight is scattered by the air.",
  execution_mode: "balanced",
  execution_time: 0.812,
  quality_score: 1,
  success: true,
  metadata: { turn_id: "turn-1", model: "openai/gpt-4.1-mini", finish_reason: "stop" },
};

export const CHAT_RESPONSE_V2_EXAMPLE: ChatResponseV2 = {
  ...CHAT_RESPONSE_V1_EXAMPLE,
  api_version: "2.0",
  manager_response: null,
  intent: null,
  confidence: null,
  swarm_used: false,
  tokens_used: 22,
};

/** One client frame of each shape. */
export const V1_CLIENT_FRAME_EXAMPLES: readonly V1ClientFrame[] = [
  { type: "chat", data: { message: "Why is the sky blue?" }, correlation_id: "7" },
  { type: "ping", correlation_id: "8" },
  { message: "Why is the sky blue?" },
];

const failure = { code: "provider_unavailable", message: "no model answers at the moment", retryable: true } as const;

/** One server frame of each type. */
export const V1_SERVER_FRAME_EXAMPLES: { [T in V1ServerFrame["type"]]: Extract<V1ServerFrame, { type: T }> } = {
  status: { type: "status", timestamp, data: { status: "connected" } },
  stream_token: {
    type: "stream_token",
    timestamp,
    correlation_id: "7",
    data: { type: "token", content: "Sunlight is ", metadata: {}, timestamp },
  },
  error: { type: "error", timestamp, correlation_id: "7", data: failure },
  timeout: { type: "timeout", timestamp, correlation_id: "7", data: { ...failure, code: "timeout" } },
  pong: { type: "pong", timestamp, correlation_id: "8" },
};

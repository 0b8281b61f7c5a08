import type { ChatResponseV1, ChatResponseV2, V1ServerFrame } from "@ai-orchestra/contracts";

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

export const V1_CLIENT_FRAME_EXAMPLE = {
  type: "chat",
  data: { message: "Why is the sky blue?" },
  correlation_id: "7",
} as const;

export const V1_SERVER_FRAME_EXAMPLE: V1ServerFrame = {
  type: "stream_token",
  timestamp,
  correlation_id: "7",
  data: { type: "token", content: "Sunlight is ", metadata: {}, timestamp },
};

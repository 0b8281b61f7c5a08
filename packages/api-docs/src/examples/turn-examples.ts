import type { ClientFrame, ServerFrame, ChatRequestV2 } from "@ai-orchestra/contracts";

const turn = { turnId: "turn-1", sessionId: "session-1" } as const;
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

export const CHAT_REQUEST_EXAMPLE: ChatRequestV2 = { sessionId: "session-1", input: { text: "Why is the sky blue?" } };

/** One client frame of each type. */
export const CLIENT_FRAME_EXAMPLES: { [T in ClientFrame["type"]]: Extract<ClientFrame, { type: T }> } = {
  "turn.start": { type: "turn.start", ...turn, input: { text: "Why is the sky blue?" }, options: { mode: "balanced" } },
  "turn.cancel": { type: "turn.cancel", ...turn },
  "turn.resume": { type: "turn.resume", ...turn, attempt: 1, position: 12 },
  "session.attach": { type: "session.attach", sessionId: turn.sessionId },
  "session.detach": { type: "session.detach", sessionId: turn.sessionId },
  "auth.refresh": { type: "auth.refresh", token: "eyJhbGciOiJIUzI1NiJ9.e30.c2ln" },
  ping: { type: "ping", nonce: "7" },
};

/** One server frame of each type. */
export const SERVER_FRAME_EXAMPLES: { [T in ServerFrame["type"]]: Extract<ServerFrame, { type: T }> } = {
  hello: {
    type: "hello",
    connectionId: "2f1c8f0e-2c5e-4a54-9f4e-6d2f2b8f1a3c",
    protocol: "2",
    heartbeatMs: 30_000,
    limits: { maxMessageBytes: 262_144, maxTurnsInFlight: 64, messagesPerMinute: 100 },
  },
  "turn.accepted": { type: "turn.accepted", ...turn },
  "turn.started": { type: "turn.started", ...turn, attempt: 1, model: "openai/gpt-4.1-mini", mode: "balanced" },
  "turn.delta": { type: "turn.delta", turnId: turn.turnId, attempt: 1, from: 0, to: 12, text: "Sunlight is " },
  "turn.status": {
    type: "turn.status",
    turnId: turn.turnId,
    attempt: 1,
    from: 12,
    to: 13,
    stage: "fallback",
    detail: "another model answers",
  },
  "turn.tool": {
    type: "turn.tool",
    turnId: turn.turnId,
    attempt: 1,
    from: 13,
    to: 14,
    index: 0,
    id: "call_1",
    name: "get_weather",
    arguments: '{"city":',
  },
  "turn.completed": {
    type: "turn.completed",
    ...turn,
    attempt: 1,
    output: { text: "Sunlight is scattered by the air." },
    usage: { inputTokens: 14, outputTokens: 8, estimated: false },
    finishReason: "stop",
    metadata: {
      model: "openai/gpt-4.1-mini",
      mode: "balanced",
      latencyMs: 812,
      timeToFirstTokenMs: 240,
      cached: false,
      degraded: false,
      fallbacks: [],
      agents: [],
      qualityScore: 1,
      intent: null,
      confidence: null,
      traceId,
    },
  },
  "turn.failed": {
    type: "turn.failed",
    ...turn,
    code: "provider_unavailable",
    message: "no model answers at the moment",
    retryable: true,
    retryAfterMs: 2_000,
    traceId,
  },
  "turn.cancelled": { type: "turn.cancelled", ...turn, partialText: "Sunlight is " },
  error: {
    type: "error",
    code: "invalid_request",
    message: "the frame is not valid: turnId must be 1 to 64 characters of A-Z, a-z, 0-9, _ or -",
    retryable: false,
  },
  drain: { type: "drain", reconnectAfterMs: 1_500 },
  pong: { type: "pong", nonce: "7" },
};

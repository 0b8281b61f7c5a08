import type {
  TurnAcceptedFrame,
  TurnCancelledFrame,
  TurnCompletedFrame,
  TurnDeltaFrame,
  TurnFailedFrame,
  TurnStartedFrame,
} from "@ai-orchestra/contracts";

const sessionId = "s1";

export function accepted(turnId: string): TurnAcceptedFrame {
  return { type: "turn.accepted", turnId, sessionId };
}

export function started(turnId: string, attempt = 1): TurnStartedFrame {
  return { type: "turn.started", turnId, sessionId, attempt, model: "fake/model", mode: "balanced" };
}

export function delta(turnId: string, attempt: number, from: number, text: string): TurnDeltaFrame {
  return { type: "turn.delta", turnId, attempt, from, to: from + text.length, text };
}

export function completed(turnId: string, attempt: number, text: string): TurnCompletedFrame {
  return {
    type: "turn.completed",
    turnId,
    sessionId,
    attempt,
    output: { text },
    usage: { inputTokens: 1, outputTokens: 1, estimated: true },
    finishReason: "stop",
    metadata: {
      model: "fake/model",
      mode: "balanced",
      latencyMs: 12,
      timeToFirstTokenMs: 3,
      cached: false,
      degraded: false,
      fallbacks: [],
      agents: [],
      qualityScore: 1,
      intent: null,
      confidence: null,
      traceId: "0".repeat(32),
    },
  };
}

export function failed(turnId: string, partialText: string): TurnFailedFrame {
  return {
    type: "turn.failed",
    turnId,
    sessionId,
    code: "provider_unavailable",
    message: "no provider answered",
    retryable: true,
    retryAfterMs: 50,
    partialText,
    traceId: "0".repeat(32),
  };
}

export function cancelled(turnId: string, partialText: string): TurnCancelledFrame {
  return { type: "turn.cancelled", turnId, sessionId, partialText };
}

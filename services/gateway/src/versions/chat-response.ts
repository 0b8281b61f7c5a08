import {
  OrchestraError,
  type ChatResponseV1,
  type ChatResponseV2,
  type ErrorEnvelope,
  type TerminalFrame,
} from "@ai-orchestra/contracts";

type CompletedFrame = Extract<TerminalFrame, { type: "turn.completed" }>;

/** What the answer repeats of the request. */
export interface ChatRequestEcho {
  readonly apiVersion: string;
  readonly requestId: string;
  readonly sessionId: string;
}

/** A completed turn in the words of V1. */
export function buildChatResponseV1(frame: CompletedFrame, echo: ChatRequestEcho, now: number): ChatResponseV1 {
  const { metadata, output, usage, finishReason, turnId } = frame;
  return {
    api_version: echo.apiVersion,
    request_id: echo.requestId,
    timestamp: new Date(now).toISOString(),
    session_id: echo.sessionId,
    response: output.text,
    execution_mode: metadata.mode,
    execution_time: metadata.latencyMs / 1_000,
    quality_score: metadata.qualityScore,
    success: true,
    metadata: {
      turn_id: turnId,
      model: metadata.model,
      finish_reason: finishReason,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      degraded: metadata.degraded,
      trace_id: metadata.traceId,
    },
  };
}

/** A completed turn in the words of V2, in V1's style of names. */
export function buildChatResponseV2(frame: CompletedFrame, echo: ChatRequestEcho, now: number): ChatResponseV2 {
  const { metadata, output, usage } = frame;
  const swarmUsed = metadata.agents.length > 0;
  return {
    ...buildChatResponseV1(frame, echo, now),
    manager_response: swarmUsed ? output.text : null,
    intent: metadata.intent,
    confidence: metadata.confidence,
    swarm_used: swarmUsed,
    tokens_used: usage.inputTokens + usage.outputTokens,
  };
}

/** Why a turn that ended did not complete. */
export function envelopeOfFailure(frame: Exclude<TerminalFrame, CompletedFrame>): ErrorEnvelope {
  if (frame.type === "turn.failed") return frame;
  return new OrchestraError("cancelled", "the turn was cancelled").toEnvelope();
}

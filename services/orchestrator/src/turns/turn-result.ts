import type {
  FinishReason,
  OrchestraError,
  TerminalFrame,
  ToolCall,
  TurnMode,
  TurnRequest,
  TurnResult,
  Usage,
} from "@ai-orchestra/contracts";
import type { EventLog } from "./event-log.js";
import { computeQualityScore } from "./quality-score.js";

/** A whole answer. */
export interface Answer {
  /** The model that answered. */
  model: string;
  /** Models that were tried before it. */
  fallbacks: string[];
  agents: string[];
  usage: Usage;
  finishReason: FinishReason;
  toolCalls: ToolCall[];
  cached: boolean;
  /** Epoch milliseconds of the first piece of the answer. */
  firstTokenAt: number | undefined;
}

/** How an attempt ended, before it is put on the wire. */
export type TurnOutcome =
  | { kind: "completed"; answer: Answer }
  | { kind: "failed"; error: OrchestraError }
  | { kind: "cancelled" };

export interface TurnFacts {
  request: TurnRequest;
  attempt: number;
  order: number;
  fence: number | undefined;
  mode: TurnMode;
  degraded: boolean;
  /** Features that the turn wanted and went without. */
  off: readonly string[];
  traceId: string;
  log: EventLog;
}

/** Makes the result of a turn: the terminal frame and what the bus and memory need beside it. */
export function buildTurnResult(outcome: TurnOutcome, facts: TurnFacts, finishedAt: number): TurnResult {
  const { request, log } = facts;
  const remembered = !request.stateless && request.options.useMemory && "text" in request.input;
  return {
    owner: request.owner,
    sessionId: request.sessionId,
    turnId: request.turnId,
    attempt: facts.attempt,
    order: facts.order,
    stateless: request.stateless,
    ...(facts.fence === undefined ? {} : { fence: facts.fence }),
    to: log.position,
    segments: log.answerSegments(),
    ...(remembered && "text" in request.input ? { inputText: request.input.text } : {}),
    frame: buildTerminalFrame(outcome, facts, finishedAt),
    submittedAt: request.submittedAt,
    finishedAt,
  };
}

function buildTerminalFrame(outcome: TurnOutcome, facts: TurnFacts, finishedAt: number): TerminalFrame {
  const { request, log, traceId } = facts;
  const ids = { turnId: request.turnId, sessionId: request.sessionId };
  const text = log.answerText();
  switch (outcome.kind) {
    case "cancelled":
      return { type: "turn.cancelled", ...ids, partialText: text };
    case "failed": {
      const { code, message, retryable, retryAfterMs } = outcome.error;
      return {
        type: "turn.failed",
        ...ids,
        code,
        message,
        retryable,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
        ...(text === "" ? {} : { partialText: text }),
        traceId,
      };
    }
    case "completed": {
      const { answer } = outcome;
      const { firstTokenAt, toolCalls, usage, finishReason, model, fallbacks, agents, cached } = answer;
      return {
        type: "turn.completed",
        ...ids,
        attempt: facts.attempt,
        output: { text, ...(toolCalls.length === 0 ? {} : { toolCalls }) },
        usage,
        finishReason,
        metadata: {
          model,
          mode: facts.mode,
          latencyMs: Math.max(0, finishedAt - request.submittedAt),
          timeToFirstTokenMs: firstTokenAt === undefined ? null : Math.max(0, firstTokenAt - request.submittedAt),
          cached,
          degraded: facts.degraded,
          ...(facts.off.length === 0 ? {} : { off: [...facts.off] }),
          fallbacks,
          agents,
          qualityScore: computeQualityScore({
            fellBack: fallbacks.length > 0,
            degraded: facts.degraded,
            cached,
            cutOff: finishReason === "length",
          }),
          intent: null,
          confidence: null,
          traceId,
        },
      };
    }
  }
}

/** Stands in for a result that does not fit into a message of the bus. */
export function buildOversizeResult(result: TurnResult): TurnResult {
  const { turnId, sessionId, frame } = result;
  return {
    ...result,
    segments: [],
    inputText: undefined,
    frame: {
      type: "turn.failed",
      turnId,
      sessionId,
      code: "too_large",
      message: "the turn's input and answer together are too large to be kept",
      retryable: false,
      traceId: frame.type === "turn.completed" ? frame.metadata.traceId : "",
    },
  };
}

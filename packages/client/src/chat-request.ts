import type { ChatMessage, TurnOptions, TurnStartFrame } from "@ai-orchestra/contracts";
import { assertId, createId } from "./ids.js";

/** Text that was shown and no longer holds, because an orchestrator died and the next one answered differently. */
export interface TextRestart {
  /** The attempt whose text comes next, from its beginning. */
  readonly attempt: number;
  /** What the reader had been given and should take back. */
  readonly discardedText: string;
}

export interface ChatSettings {
  /** The conversation. Default: the client's; without either the server makes one for this turn. */
  sessionId?: string;
  /** Idempotency key: the same id runs once, however often and from wherever it is sent. Default: a random one. */
  turnId?: string;
  options?: TurnOptions;
  /** Free facts that are kept with the turn. */
  metadata?: NonNullable<TurnStartFrame["metadata"]>;
  /** W3C trace context, for one trace from the caller through every service. */
  traceparent?: string;
  /** Cancels the turn when it aborts. */
  signal?: AbortSignal;
  /**
   * Called while the turn is iterated, before the first chunk of a text that replaces what was given so far. Without
   * it such an iteration throws `text_restarted`, rather than let two answers run into one another.
   */
  onRestart?: (restart: TextRestart) => void;
}

/** A text for a session with memory, or the whole conversation of a stateless turn. */
export type ChatRequest = ChatSettings & ({ text: string } | { messages: ChatMessage[] });

/** The frame a request becomes. Throws `invalid_request` for an id that the protocol does not accept. */
export function buildStartFrame(request: ChatRequest, defaultSessionId: string | undefined): TurnStartFrame {
  const turnId = request.turnId ?? createId("t");
  const sessionId = request.sessionId ?? defaultSessionId;
  assertId("turnId", turnId);
  if (sessionId !== undefined) assertId("sessionId", sessionId);
  return {
    type: "turn.start",
    turnId,
    sessionId,
    input: "messages" in request ? { messages: request.messages } : { text: request.text },
    options: request.options,
    metadata: request.metadata,
    traceparent: request.traceparent,
  };
}

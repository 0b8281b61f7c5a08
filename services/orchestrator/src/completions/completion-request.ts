import type { ChatMessage, ErrorCode, Sampling, ToolDefinition, TurnMode } from "@ai-orchestra/contracts";
import type { ProviderEvent } from "../providers/chat-provider.js";

export interface CompletionRequest {
  /** `provider/name` or a bare name; absent: the model that is configured for `mode`. */
  model?: string | undefined;
  mode: TurnMode;
  messages: ChatMessage[];
  temperature?: number | undefined;
  maxTokens?: number | undefined;
  sampling?: Sampling | undefined;
  tools?: ToolDefinition[] | undefined;
}

/**
 * What a completion tells beside the model's own events.
 * - `fallback`: `from` failed before its first token and `to` is tried next.
 * - `model`: exactly once, right before the first event of the model that answers, so it is never wrong.
 */
export type CompletionEvent =
  | { type: "model"; model: string }
  | { type: "fallback"; from: string; to: string; code: ErrorCode }
  | ProviderEvent;

export interface CompletionOptions {
  signal: AbortSignal;
  /** Epoch milliseconds at which the turn ends, come what may. */
  deadlineAt: number;
}

import type { ChatMessage, ErrorCode, ToolDefinition, TurnMode } from "@ai-orchestra/contracts";
import type { ModelCatalog } from "../models/model-catalog.js";
import type { ProviderEvent } from "../providers/chat-provider.js";

export interface CompletionRequest {
  /** `provider/name` or a bare name; absent: the model that is configured for `mode`. */
  model?: string;
  mode: TurnMode;
  messages: ChatMessage[];
  temperature?: number;
  maxTokens?: number;
  tools?: ToolDefinition[];
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

export interface CompletionRunner {
  /** Streams one completion; ends with `finish` or throws the `OrchestraError` of the last model that was tried. */
  run(request: CompletionRequest, options: CompletionOptions): AsyncIterable<CompletionEvent>;
}

export interface CompletionRunnerOptions {
  catalog: ModelCatalog;
}

export function createCompletionRunner({ catalog }: CompletionRunnerOptions): CompletionRunner {
  async function* run(request: CompletionRequest, { signal }: CompletionOptions): AsyncGenerator<CompletionEvent> {
    const model = catalog.resolve(request.model, request.mode);
    yield { type: "model", model: model.id };
    yield* model.chat.stream(
      {
        model: model.upstreamName,
        messages: request.messages,
        temperature: request.temperature,
        maxTokens: request.maxTokens,
        tools: request.tools,
      },
      signal,
    );
  }
  return { run };
}

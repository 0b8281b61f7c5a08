import type { ChatMessage, FinishReason, Sampling, ToolDefinition } from "@ai-orchestra/contracts";

/** One completion to run. Absent fields mean the upstream's own default. */
export interface ProviderRequest {
  /** The name by which the upstream knows the model. */
  model: string;
  messages: ChatMessage[];
  temperature?: number;
  maxTokens?: number;
  sampling?: Sampling;
  tools?: ToolDefinition[];
}

/**
 * What a model sends while it answers.
 * - `text`: a piece of the answer, one token or more, never empty.
 * - `tool`: a fragment of the tool call number `index`; `name` comes with the first fragment of a call and the
 *   `arguments` of all its fragments add up to JSON text.
 * - `usage`: at most once, anywhere before the end; endpoints that count no tokens send none.
 * - `finish`: the last event of an answer that is whole.
 */
export type ProviderEvent =
  | { type: "text"; text: string }
  | { type: "tool"; index: number; id: string; name?: string; arguments: string }
  | { type: "usage"; inputTokens: number; outputTokens: number }
  | { type: "finish"; reason: FinishReason };

/**
 * A way to reach language models.
 *
 * A stream ends with exactly one `finish`, or it throws an `OrchestraError`: `provider_error` (the upstream refused the
 * request or broke off in the middle), `provider_unavailable` (it could not be reached, is overloaded or limits us;
 * `retryAfterMs` is what it asked for), `timeout` or `cancelled`. `retryable` says whether the same request may succeed
 * at the same upstream. Once `signal` aborts, the upstream's socket is destroyed and the pending `next` rejects at once:
 * with the abort reason where that is an `OrchestraError`, else with `cancelled`. Providers set no timers of their own
 * beside the one for connecting and never retry. `overloaded` means that our own bound of connections is reached. The
 * request may begin with the call already, so what `stream` returns has to be read or its signal aborted.
 */
export interface ChatProvider {
  stream(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent>;
  /** Lets running streams end, then frees the connections; resolves when that is done. */
  close(): Promise<void>;
}

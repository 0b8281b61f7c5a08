import { OrchestraError } from "@ai-orchestra/contracts";
import { Pool } from "undici";
import { toAbortError } from "../abort-error.js";
import type { ChatProvider, ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { CompletionExchange } from "./completion-exchange.js";
import { writeRequestBody, type RequestDialect } from "./request-body.js";

export interface OpenAiProviderOptions {
  /** Up to and including the version, for example `https://api.openai.com/v1`. */
  baseUrl: string;
  /** Absent for servers that ask for none. */
  apiKey?: string | undefined;
  /** Connections to this endpoint, which is also how many completions run at once; more are refused with `overloaded`. */
  maxConnections: number;
  connectTimeoutMs: number;
  /** Whether to ask for token counts with `stream_options`. */
  includeUsage: boolean;
  /** Epoch milliseconds now. */
  now: () => number;
}

/** Idle connections are kept this long for the next request. */
const KEEP_ALIVE_MS = 30_000;
const BUSY_RETRY_AFTER_MS = 250;

/** Streams chat completions from any endpoint that speaks OpenAI's API, over its own pool of kept-alive connections. */
export function createOpenAiProvider(options: OpenAiProviderOptions): ChatProvider {
  const { apiKey, maxConnections, now } = options;
  const url = new URL(options.baseUrl);
  const path = `${url.pathname.replace(/\/$/, "")}/chat/completions${url.search}`;
  const dialect: RequestDialect = {
    maxTokensField: url.hostname === "api.openai.com" ? "max_completion_tokens" : "max_tokens",
    includeUsage: options.includeUsage,
  };
  const headers = {
    accept: "text/event-stream",
    "content-type": "application/json",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  // Waiting for headers and between chunks is timed by the caller, per model.
  const pool = new Pool(url.origin, {
    connections: maxConnections,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let running = 0;

  function stream(request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent> {
    if (signal.aborted) return failAtOnce(toAbortError(signal));
    if (running >= maxConnections) {
      const retryAfterMs = BUSY_RETRY_AFTER_MS;
      return failAtOnce(
        new OrchestraError("overloaded", "every connection to the provider is in use", { retryAfterMs }),
      );
    }
    running += 1;
    const onAbort = (): void => exchange.abort(toAbortError(signal));
    const exchange = new CompletionExchange({
      now,
      onSettled: () => signal.removeEventListener("abort", onAbort),
      onReleased: () => (running -= 1),
    });
    signal.addEventListener("abort", onAbort, { once: true });
    pool.dispatch({ method: "POST", path, headers, body: writeRequestBody(request, dialect) }, exchange);
    return exchange.events;
  }

  return { stream, close: () => pool.close() };
}

function failAtOnce(failure: OrchestraError): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure) }) };
}

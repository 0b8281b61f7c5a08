import { OrchestraError } from "@ai-orchestra/contracts";
import type { LanguageModel } from "ai";
import { Agent } from "undici";
import { toAbortError } from "../abort-error.js";
import type { ChatProvider, ProviderEvent, ProviderRequest } from "../chat-provider.js";
import type { streamWithAiSdk } from "./ai-sdk-stream.js";
import { loadLanguageModel, type AiSdkVendor } from "./load-language-model.js";

export interface AiSdkProviderOptions {
  vendor: AiSdkVendor;
  apiKey: string;
  /** Absent: the vendor's own address. */
  baseUrl?: string | undefined;
  /** Completions that run at once; more are refused with `overloaded`. */
  maxConnections: number;
  connectTimeoutMs: number;
  /** Epoch milliseconds now. */
  now: () => number;
}

interface LoadedSdk {
  stream: typeof streamWithAiSdk;
  createModel(name: string): LanguageModel;
}

const BUSY_RETRY_AFTER_MS = 250;

/** Reaches the vendors that have an API of their own. The SDK is loaded with the first completion. */
export function createAiSdkProvider(options: AiSdkProviderOptions): ChatProvider {
  const { vendor, apiKey, baseUrl, maxConnections, now } = options;
  const dispatcher = new Agent({
    connections: maxConnections,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let loading: Promise<LoadedSdk> | undefined;
  let running = 0;

  async function load(): Promise<LoadedSdk> {
    // The SDK prints its warnings, past our log; this is its documented switch.
    globalThis.AI_SDK_LOG_WARNINGS = false;
    const [{ streamWithAiSdk: stream }, createModel] = await Promise.all([
      import("./ai-sdk-stream.js"),
      loadLanguageModel({ vendor, apiKey, baseUrl, dispatcher }),
    ]);
    return { stream, createModel };
  }

  async function* stream(request: ProviderRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    if (running >= maxConnections) {
      const retryAfterMs = BUSY_RETRY_AFTER_MS;
      throw new OrchestraError("overloaded", "every connection to the provider is in use", { retryAfterMs });
    }
    running += 1;
    try {
      loading ??= load();
      const sdk = await loading;
      if (signal.aborted) throw toAbortError(signal);
      yield* sdk.stream({ model: sdk.createModel(request.model), request, signal, now });
    } finally {
      running -= 1;
    }
  }

  return { stream, close: () => dispatcher.close() };
}

import { OrchestraError, type FinishReason } from "@ai-orchestra/contracts";
import { streamText, type LanguageModel, type TextStreamPart, type ToolSet } from "ai";
import { toAbortError } from "../abort-error.js";
import type { ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { toCutOff } from "../upstream-error.js";
import { fromAiSdkError } from "./ai-sdk-error.js";
import { toModelConversation, toToolSet } from "./model-messages.js";
import { toSamplingSettings } from "./sampling-settings.js";

export interface AiSdkStreamOptions {
  model: LanguageModel;
  request: ProviderRequest;
  signal: AbortSignal;
  /** Epoch milliseconds now. */
  now: () => number;
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  stop: "stop",
  length: "length",
  "content-filter": "content_filter",
  "tool-calls": "tool_calls",
  other: "stop",
};

/** Streams one completion through the AI SDK, which costs some 160 µs of CPU per token. */
export async function* streamWithAiSdk({
  model,
  request,
  signal,
  now,
}: AiSdkStreamOptions): AsyncGenerator<ProviderEvent> {
  const leaving = new AbortController();
  const { system, messages } = toModelConversation(request.messages);
  const { fullStream } = streamText({
    model,
    system,
    messages,
    tools: toToolSet(request.tools),
    temperature: request.temperature,
    maxOutputTokens: request.maxTokens,
    ...toSamplingSettings(request.sampling),
    maxRetries: 0,
    abortSignal: AbortSignal.any([signal, leaving.signal]),
    // The error is in the stream as well; without this the SDK prints it.
    onError: () => undefined,
    experimental_download: refuseDownloads,
  });
  const parts = fullStream[Symbol.asyncIterator]();
  const abort = waitForAbort(signal);
  const reader = createPartReader();
  try {
    for (;;) {
      const { value: part, done } = await Promise.race([parts.next(), abort.promise]);
      if (done === true || part === undefined)
        throw toCutOff("the model provider ended its answer before it was whole");
      if (part.type === "abort") throw toAbortError(signal);
      if (part.type === "error") throw part.error;
      const events = reader.read(part);
      yield* events;
      if (events.at(-1)?.type === "finish") return;
    }
  } catch (thrown) {
    if (signal.aborted) throw toAbortError(signal);
    throw fromAiSdkError({ error: thrown, answerBegan: reader.answerBegan(), now: now() });
  } finally {
    abort.stop();
    leaving.abort();
  }
}

interface PartReader {
  read(part: TextStreamPart<ToolSet>): ProviderEvent[];
  answerBegan(): boolean;
}

/** Reads the parts that say something; the SDK sends a `finish` after an error too, so errors are thrown before it. */
function createPartReader(): PartReader {
  const toolIndexes = new Map<string, number>();
  let began = false;

  function startTool(id: string, name: string, text: string): ProviderEvent {
    const index = toolIndexes.size;
    toolIndexes.set(id, index);
    return { type: "tool", index, id, name, arguments: text };
  }

  function read(part: TextStreamPart<ToolSet>): ProviderEvent[] {
    switch (part.type) {
      case "text-delta":
        began = true;
        return part.text === "" ? [] : [{ type: "text", text: part.text }];
      case "tool-input-start":
        began = true;
        return [startTool(part.id, part.toolName, "")];
      case "tool-input-delta":
        return [{ type: "tool", index: toolIndexes.get(part.id) ?? 0, id: part.id, arguments: part.delta }];
      case "tool-call":
        // Vendors that do not stream a call's input send it whole.
        if (toolIndexes.has(part.toolCallId)) return [];
        return [startTool(part.toolCallId, part.toolName, JSON.stringify(part.input))];
      case "finish": {
        const reason = FINISH_REASONS[part.finishReason];
        // A body that ends early also gets a `finish`, but one for which the vendor gave no reason.
        if (reason === undefined || part.rawFinishReason === undefined) {
          throw toCutOff("the model provider ended its answer before it was whole");
        }
        const { inputTokens, outputTokens } = part.totalUsage;
        const finish: ProviderEvent = { type: "finish", reason };
        if (inputTokens === undefined || outputTokens === undefined) return [finish];
        return [{ type: "usage", inputTokens, outputTokens }, finish];
      }
      default:
        return [];
    }
  }
  return { read, answerBegan: () => began };
}

/** A promise that rejects when the signal aborts, and a way to stop listening. */
function waitForAbort(signal: AbortSignal): { promise: Promise<never>; stop(): void } {
  let stop = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    const onAbort = (): void => reject(toAbortError(signal));
    stop = () => signal.removeEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  return { promise, stop };
}

/** The SDK would fetch, from inside our network, whatever address a client names as an image. */
function refuseDownloads(requests: { isUrlSupportedByModel: boolean }[]): Promise<null[]> {
  if (requests.every((request) => request.isUrlSupportedByModel)) return Promise.resolve(requests.map(() => null));
  return Promise.reject(
    new OrchestraError("provider_error", "this model reads no images by address; send them as data: URLs"),
  );
}

import { estimateTokens } from "../estimate-tokens.js";
import { toAbortError } from "../abort-error.js";
import type { ChatProvider, ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { textOfMessage } from "../message-text.js";
import { waitUnlessAborted } from "../wait-unless-aborted.js";
import { answerOffline } from "./answer-offline.js";

export interface BuiltinProviderOptions {
  /** Pause between two words in milliseconds; 0 sends them as fast as they are taken. */
  tokenDelayMs: number;
}

/** The offline model: streams what `answerOffline` says, word by word. A `maxTokens` counts words and ends it with `length`. */
export function createBuiltinProvider({ tokenDelayMs }: BuiltinProviderOptions): ChatProvider {
  async function* stream(request: ProviderRequest, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
    const words = splitIntoWords(answerOffline(request.messages));
    const count = Math.min(words.length, request.maxTokens ?? words.length);
    for (let index = 0; index < count; index += 1) {
      if (signal.aborted) throw toAbortError(signal);
      if (tokenDelayMs > 0 && index > 0) await waitUnlessAborted(tokenDelayMs, signal);
      yield { type: "text", text: words[index] ?? "" };
    }
    const inputChars = request.messages.reduce((sum, message) => sum + textOfMessage(message).length, 0);
    yield { type: "usage", inputTokens: estimateTokens(inputChars), outputTokens: count };
    yield { type: "finish", reason: count < words.length ? "length" : "stop" };
  }
  return { stream, close: () => Promise.resolve() };
}

/** Cuts a text after each run of white space, so that the pieces add up to the text. */
function splitIntoWords(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

import { toAbortError } from "../abort-error.js";
import type { ChatProvider, ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { waitUnlessAborted } from "../wait-unless-aborted.js";

export interface GeneratorProviderOptions {
  /** Pieces of text in every answer. */
  tokens: number;
  /** Pause between two of them in milliseconds; 0 has each ready when it is asked for. */
  tokenDelayMs: number;
}

/** Tokens without a pause after which other work gets its turn. */
const TOKENS_PER_SLICE = 256;

const TOKEN_EVENT: ProviderEvent = { type: "text", text: "token " };

/** The load-test model: the same number of the same token for every request, at next to no cost. */
export function createGeneratorProvider({ tokens, tokenDelayMs }: GeneratorProviderOptions): ChatProvider {
  const usage: ProviderEvent = { type: "usage", inputTokens: 0, outputTokens: tokens };
  const finish: ProviderEvent = { type: "finish", reason: "stop" };

  async function produce(position: number, signal: AbortSignal): Promise<IteratorResult<ProviderEvent, undefined>> {
    if (signal.aborted) throw toAbortError(signal);
    if (tokenDelayMs > 0 && position < tokens) await waitUnlessAborted(tokenDelayMs, signal);
    else if (position % TOKENS_PER_SLICE === 0) await new Promise(setImmediate);
    return { value: TOKEN_EVENT, done: false };
  }

  function stream(_request: ProviderRequest, signal: AbortSignal): AsyncIterable<ProviderEvent> {
    let position = 0;
    // Written out because an async generator costs three times as much per token.
    const next = (): Promise<IteratorResult<ProviderEvent, undefined>> => {
      position += 1;
      if (position > tokens) return Promise.resolve(endOfAnswer(position - tokens));
      const isReady = tokenDelayMs === 0 && position % TOKENS_PER_SLICE !== 0 && !signal.aborted;
      return isReady ? Promise.resolve({ value: TOKEN_EVENT, done: false }) : produce(position, signal);
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  function endOfAnswer(step: number): IteratorResult<ProviderEvent, undefined> {
    if (step === 1) return { value: usage, done: false };
    if (step === 2) return { value: finish, done: false };
    return { value: undefined, done: true };
  }

  return { stream, close: () => Promise.resolve() };
}

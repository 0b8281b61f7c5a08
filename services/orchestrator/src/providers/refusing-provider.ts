import { OrchestraError } from "@ai-orchestra/contracts";
import type { ChatProvider } from "./chat-provider.js";

/** Stands in for a provider that cannot work as it is configured: every completion fails with `provider_unavailable`. */
export function createRefusingProvider(reason: string): ChatProvider {
  const next = (): Promise<never> =>
    Promise.reject(new OrchestraError("provider_unavailable", reason, { retryable: false }));
  return {
    stream: () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
    close: () => Promise.resolve(),
  };
}

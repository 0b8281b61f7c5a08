import { OrchestraError } from "@ai-orchestra/contracts";
import { speak, type SpeakDependencies, type Utterance, type VoiceRequest } from "../agents/voice.js";
import type { AnswerCache, CachedAnswer } from "./answer-cache.js";

/** `first`: a cached answer spares the model. `fallback`: it is served when every model failed. */
export type CacheUse = "first" | "fallback";

export interface RecallOptions {
  cache: AnswerCache;
  key: string;
  use: CacheUse;
}

export type RecallableUtterance = Utterance & { cached: boolean };

/**
 * Speaks, or repeats what was said to the same question before. Only whole answers of the model that was asked for are
 * kept, and a failure is covered only as long as nothing of the new answer was said.
 */
export async function speakOrRecall(
  request: VoiceRequest,
  dependencies: SpeakDependencies,
  { cache, key, use }: RecallOptions,
): Promise<RecallableUtterance> {
  if (use === "first") {
    const known = cache.find(key);
    if (known !== undefined) return recall(known, dependencies);
  }
  let hasBegun = false;
  try {
    const utterance = await speak({ ...request, onBegun: () => (hasBegun = true) }, dependencies);
    if (isGood(utterance)) cache.keep(key, utterance);
    return { ...utterance, cached: false };
  } catch (error) {
    const known = hasBegun || request.signal.aborted || !isProviderFailure(error) ? undefined : cache.find(key);
    if (known === undefined) throw error;
    return recall(known, dependencies);
  }
}

function recall(
  { answer, ageMs }: { answer: CachedAnswer; ageMs: number },
  { turnEvents, clock }: SpeakDependencies,
): RecallableUtterance {
  turnEvents.status({ stage: "cached", detail: `an answer of ${Math.round(ageMs / 1_000)} s ago` });
  turnEvents.text(answer.text);
  for (const [index, call] of answer.toolCalls.entries()) turnEvents.tool({ index, ...call });
  return { ...answer, toolCalls: [...answer.toolCalls], fallbacks: [], firstTokenAt: clock.now(), cached: true };
}

function isGood({ finishReason, text, toolCalls, fallbacks }: Utterance): boolean {
  if (fallbacks.length > 0) return false;
  return (finishReason === "stop" && text !== "") || (finishReason === "tool_calls" && toolCalls.length > 0);
}

function isProviderFailure(error: unknown): boolean {
  if (!(error instanceof OrchestraError)) return false;
  switch (error.code) {
    case "provider_unavailable":
    case "overloaded":
    case "timeout":
      return true;
    case "provider_error":
      // A refusal of this very request would be the same again.
      return error.retryable;
    default:
      return false;
  }
}

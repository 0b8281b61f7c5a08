import { OrchestraError } from "@ai-orchestra/contracts";
import { APICallError } from "ai";
import { toConnectionError, toCutOff, toRefusal, toStreamRefusal } from "../upstream-error.js";

export interface AiSdkFailure {
  error: unknown;
  /** Whether some of the answer had come. */
  answerBegan: boolean;
  /** Epoch milliseconds, for a `Retry-After` that is a date. */
  now: number;
}

/** Turns what the AI SDK throws, or puts into its stream, into an error with one of our codes. */
export function fromAiSdkError({ error, answerBegan, now }: AiSdkFailure): OrchestraError {
  if (error instanceof OrchestraError) return error;
  if (APICallError.isInstance(error)) {
    const { statusCode, responseHeaders, responseBody } = error;
    if (statusCode === undefined) return toConnectionError(error, answerBegan);
    if (statusCode === 200) return toCutOff("the model provider sent something unreadable");
    return toRefusal({ status: statusCode, headers: responseHeaders ?? {}, body: responseBody ?? "", now });
  }
  if (error instanceof TypeError) return toConnectionError(error, answerBegan);
  return toStreamRefusal(error);
}

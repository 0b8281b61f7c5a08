import type { ScriptedToolCall } from "./upstream-script.js";

/** Token counts in a scripted answer. */
export interface ScriptedUsage {
  inputTokens: number;
  outputTokens: number;
}

export interface WholeAnswer {
  text: string;
  toolCalls: readonly ScriptedToolCall[];
  finishReason: string | undefined;
  usage: ScriptedUsage | undefined;
}

/** The bytes of one API: each function returns what goes over the wire for one piece of an answer. */
export interface AnswerWire {
  /** What comes before the first token; may be empty. */
  opening(): string;
  token(text: string): string;
  /** A whole tool call, its arguments cut into fragments. */
  toolCall(index: number, call: ScriptedToolCall, fragments: readonly string[]): string;
  /** What follows the last token or tool call. */
  closing(finishReason: string | undefined, usage: ScriptedUsage | undefined): string;
  /** An error in the middle of a stream. */
  streamError(): string;
  /** The body of an answer whose status is not 200. */
  errorBody(status: number): string;
  /** The body of an answer that is not streamed. */
  wholeAnswer(answer: WholeAnswer): string;
}

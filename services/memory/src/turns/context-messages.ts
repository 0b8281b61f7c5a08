import type { ContextMessage } from "@ai-orchestra/contracts";
import { parseStoredTurn } from "../commit-log/stored-turn.js";

/** Stored turns as the messages a model reads; a turn that was removed meanwhile is null and left out. */
export function toContextMessages(texts: readonly (string | null)[]): ContextMessage[] {
  const messages: ContextMessage[] = [];
  for (const text of texts) {
    if (text === null) continue;
    const { inputText, outputText } = parseStoredTurn(text);
    if (inputText !== undefined) messages.push({ role: "user", text: inputText });
    if (outputText !== undefined) messages.push({ role: "assistant", text: outputText });
  }
  return messages;
}

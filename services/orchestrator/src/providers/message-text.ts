import type { ChatMessage } from "@ai-orchestra/contracts";

/** The text of a message; its text parts joined by line breaks, images left out. */
export function textOfMessage(message: ChatMessage): string {
  const { content } = message;
  if (content === null) return "";
  if (typeof content === "string") return content;
  return content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

import { OrchestraError, type ChatMessage, type ToolDefinition } from "@ai-orchestra/contracts";
import { jsonSchema, tool, type ModelMessage, type ToolSet } from "ai";
import { textOfMessage } from "../message-text.js";

/** A conversation as the AI SDK takes it: instructions apart, since not every vendor allows them in the middle. */
export interface ModelConversation {
  system: string | undefined;
  messages: ModelMessage[];
}

export function toModelConversation(messages: readonly ChatMessage[]): ModelConversation {
  const instructions = messages.filter((message) => message.role === "system").map(textOfMessage);
  const toolNames = new Map(
    messages.flatMap((message) => message.toolCalls ?? []).map((call) => [call.id, call.name] as const),
  );
  return {
    system: instructions.length === 0 ? undefined : instructions.join("\n\n"),
    messages: messages
      .filter((message) => message.role !== "system")
      .map((message) => toModelMessage(message, toolNames)),
  };
}

/** Declares tools without a way to run them: whoever asked for the turn runs them. */
export function toToolSet(definitions: readonly ToolDefinition[] | undefined): ToolSet | undefined {
  if (definitions === undefined || definitions.length === 0) return undefined;
  return Object.fromEntries(
    definitions.map(({ function: { name, description, parameters } }) => [
      name,
      tool({ description, inputSchema: jsonSchema(parameters ?? { type: "object", properties: {} }) }),
    ]),
  );
}

function toModelMessage(message: ChatMessage, toolNames: ReadonlyMap<string, string>): ModelMessage {
  if (message.role === "tool") {
    const toolCallId = message.toolCallId ?? "";
    const toolName = toolNames.get(toolCallId) ?? message.name ?? "unknown";
    const output = { type: "text", value: textOfMessage(message) } as const;
    return { role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] };
  }
  if (message.role === "assistant") {
    const text = textOfMessage(message);
    return {
      role: "assistant",
      content: [
        ...(text === "" ? [] : [{ type: "text", text } as const]),
        ...(message.toolCalls ?? []).map(({ id, name, arguments: input }) => ({
          type: "tool-call" as const,
          toolCallId: id,
          toolName: name,
          input: parseInput(input),
        })),
      ],
    };
  }
  const { content } = message;
  if (typeof content === "string" || content === null) return { role: "user", content: content ?? "" };
  return {
    role: "user",
    content: content.map((part) =>
      part.type === "text" ? part : { type: "image" as const, image: parseImageUrl(part.image_url.url) },
    ),
  };
}

function parseImageUrl(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new OrchestraError("provider_error", "an image in the conversation has no valid address");
}

/** What a model wrote as arguments should be JSON, but may be cut off; then it is passed on as text. */
function parseInput(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return { text };
  }
}

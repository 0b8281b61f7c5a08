import type { ChatCompletionRequest, ChatMessage, OpenAiMessage, Sampling } from "@ai-orchestra/contracts";
import type { TurnOrder } from "../../turns/build-turn-request.js";
import { createTurnId } from "../../turns/turn-ids.js";

/** The stateless turn that a chat completion asks for: its messages are all the context there is. */
export function orderOfCompletion(request: ChatCompletionRequest): TurnOrder {
  return {
    turnId: createTurnId(),
    input: { messages: request.messages.map(toChatMessage) },
    options: {
      model: request.model,
      useMemory: false,
      temperature: request.temperature ?? undefined,
      maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
      tools: request.tools ?? undefined,
      onDisconnect: "cancel",
    },
    sampling: samplingOf(request),
    metadata: request.metadata ?? undefined,
  };
}

function samplingOf(request: ChatCompletionRequest): Sampling | undefined {
  const sampling: Sampling = {
    topP: request.top_p ?? undefined,
    stop: typeof request.stop === "string" ? [request.stop] : (request.stop ?? undefined),
    seed: request.seed ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    logitBias: request.logit_bias ?? undefined,
    responseFormat: request.response_format ?? undefined,
    toolChoice: request.tool_choice ?? undefined,
    parallelToolCalls: request.parallel_tool_calls ?? undefined,
    reasoningEffort: request.reasoning_effort ?? undefined,
    verbosity: request.verbosity ?? undefined,
    user: request.user ?? undefined,
  };
  return Object.values(sampling).every((value) => value === undefined) ? undefined : sampling;
}

function toChatMessage(message: OpenAiMessage): ChatMessage {
  switch (message.role) {
    case "system":
    case "developer":
      return { role: "system", content: message.content, name: message.name ?? undefined };
    case "user":
      return { role: "user", content: message.content, name: message.name ?? undefined };
    case "tool":
      return { role: "tool", content: message.content, toolCallId: message.tool_call_id };
    case "assistant":
      return {
        role: "assistant",
        content: toAssistantContent(message.content),
        name: message.name ?? undefined,
        toolCalls: message.tool_calls?.map(({ id, function: { name, arguments: text } }) => ({
          id,
          name,
          arguments: text,
        })),
      };
  }
}

/** A refusal is what the model said, so that it goes back as text. */
function toAssistantContent(content: Extract<OpenAiMessage, { role: "assistant" }>["content"]): ChatMessage["content"] {
  if (typeof content === "string" || content === null || content === undefined) return content ?? null;
  return content.map((part) => (part.type === "text" ? part : { type: "text", text: part.refusal }));
}

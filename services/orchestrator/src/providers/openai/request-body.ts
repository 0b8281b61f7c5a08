import type { ChatMessage, Sampling } from "@ai-orchestra/contracts";
import type { ProviderRequest } from "../chat-provider.js";

export interface RequestDialect {
  /** OpenAI's newer models refuse `max_tokens`; most compatible servers know nothing else. */
  maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Whether the endpoint understands `stream_options`. */
  includeUsage: boolean;
}

/** The JSON body of a streaming chat completion. */
export function writeRequestBody(request: ProviderRequest, { maxTokensField, includeUsage }: RequestDialect): string {
  return JSON.stringify({
    model: request.model,
    messages: request.messages.map(toWireMessage),
    stream: true,
    stream_options: includeUsage ? { include_usage: true } : undefined,
    temperature: request.temperature,
    [maxTokensField]: request.maxTokens,
    tools: request.tools === undefined || request.tools.length === 0 ? undefined : request.tools,
    ...(request.sampling === undefined ? undefined : toWireSampling(request.sampling)),
  });
}

function toWireSampling(sampling: Sampling): object {
  return {
    top_p: sampling.topP,
    stop: sampling.stop,
    seed: sampling.seed,
    presence_penalty: sampling.presencePenalty,
    frequency_penalty: sampling.frequencyPenalty,
    logit_bias: sampling.logitBias,
    response_format: sampling.responseFormat,
    tool_choice: sampling.toolChoice,
    parallel_tool_calls: sampling.parallelToolCalls,
    reasoning_effort: sampling.reasoningEffort,
    verbosity: sampling.verbosity,
    user: sampling.user,
  };
}

function toWireMessage(message: ChatMessage): unknown {
  const { role, content, name, toolCalls, toolCallId } = message;
  return {
    role,
    content,
    name,
    tool_calls: toolCalls?.map((call) => ({
      id: call.id,
      type: "function",
      function: { name: call.name, arguments: call.arguments },
    })),
    tool_call_id: toolCallId,
  };
}

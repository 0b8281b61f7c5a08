import type { ChatCompletion, TerminalFrame, Usage } from "@ai-orchestra/contracts";

type CompletedFrame = Extract<TerminalFrame, { type: "turn.completed" }>;

/** A whole answer as OpenAI's clients read it; `created` is in seconds. */
export function buildCompletion(
  frame: CompletedFrame,
  { id, created }: { id: string; created: number },
): ChatCompletion {
  const { output, usage, finishReason, metadata } = frame;
  const toolCalls = output.toolCalls?.map((call) => ({
    id: call.id,
    type: "function" as const,
    function: { name: call.name, arguments: call.arguments },
  }));
  return {
    id,
    object: "chat.completion",
    created,
    model: metadata.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: output.text === "" && toolCalls !== undefined ? null : output.text,
          refusal: null,
          ...(toolCalls === undefined ? {} : { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: finishReason,
      },
    ],
    usage: toOpenAiUsage(usage),
  };
}

export function toOpenAiUsage({ inputTokens, outputTokens }: Usage): ChatCompletion["usage"] {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

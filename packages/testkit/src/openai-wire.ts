import type { AnswerWire } from "./answer-wire.js";

const ID = "chatcmpl-testkit";

/** Chat completions as OpenAI streams them. */
export function createOpenAiWire(model: string, includeUsage: boolean): AnswerWire {
  const head = `data: {"id":"${ID}","object":"chat.completion.chunk","created":0,"model":${JSON.stringify(model)},`;
  const usageSlot = includeUsage ? `,"usage":null` : "";
  const frame = (delta: string, finishReason = "null"): string =>
    `${head}"choices":[{"index":0,"delta":${delta},"finish_reason":${finishReason}}]${usageSlot}}\n\n`;
  return {
    opening: () => frame(`{"role":"assistant","content":""}`),
    token: (text) => frame(`{"content":${JSON.stringify(text)}}`),
    toolCall: (index, call, fragments) =>
      [
        frame(toolDelta({ index, id: call.id, type: "function", function: { name: call.name, arguments: "" } })),
        ...fragments.map((fragment) => frame(toolDelta({ index, function: { arguments: fragment } }))),
      ].join(""),
    closing: (finishReason, usage) => {
      const end = frame("{}", JSON.stringify(finishReason ?? "stop"));
      const counts =
        usage === undefined || !includeUsage
          ? ""
          : `${head}"choices":[],"usage":${JSON.stringify(toUsage(usage))}}\n\n`;
      return `${end}${counts}data: [DONE]\n\n`;
    },
    streamError: () => `data: {"error":{"message":"the upstream broke","type":"server_error","code":null}}\n\n`,
    errorBody: (status) =>
      JSON.stringify({ error: { message: `scripted failure ${status}`, type: "scripted", code: null } }),
    wholeAnswer: ({ text, toolCalls, finishReason, usage }) =>
      JSON.stringify({
        id: ID,
        object: "chat.completion",
        created: 0,
        model,
        choices: [
          {
            index: 0,
            message: {
              role: "assistant",
              content: text === "" ? null : text,
              ...(toolCalls.length === 0
                ? {}
                : {
                    tool_calls: toolCalls.map((call) => ({
                      id: call.id,
                      type: "function",
                      function: { name: call.name, arguments: call.arguments },
                    })),
                  }),
            },
            finish_reason: finishReason ?? "stop",
          },
        ],
        ...(usage === undefined ? {} : { usage: toUsage(usage) }),
      }),
  };
}

function toolDelta(call: Record<string, unknown>): string {
  return JSON.stringify({ tool_calls: [call] });
}

function toUsage({ inputTokens, outputTokens }: { inputTokens: number; outputTokens: number }): object {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

import type { AnswerWire } from "./answer-wire.js";

const ID = "msg_testkit";

/** Messages as Anthropic streams them. Block 0 is the text; tool calls follow as blocks of their own. */
export function createAnthropicWire(model: string, inputTokens: number): AnswerWire {
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const message = { id: ID, type: "message", role: "assistant", model };
  return {
    opening: () =>
      event("message_start", {
        message: {
          ...message,
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: inputTokens, output_tokens: 1 },
        },
      }) + event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    token: (text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
    toolCall: (index, call, fragments) =>
      [
        event("content_block_start", {
          index: index + 1,
          content_block: { type: "tool_use", id: call.id, name: call.name, input: {} },
        }),
        ...fragments.map((fragment) =>
          event("content_block_delta", {
            index: index + 1,
            delta: { type: "input_json_delta", partial_json: fragment },
          }),
        ),
        event("content_block_stop", { index: index + 1 }),
      ].join(""),
    closing: (finishReason, usage) =>
      event("content_block_stop", { index: 0 }) +
      event("message_delta", {
        delta: { stop_reason: finishReason ?? "end_turn", stop_sequence: null },
        usage: { output_tokens: usage?.outputTokens ?? 0 },
      }) +
      event("message_stop", {}),
    streamError: () => event("error", { error: { type: "overloaded_error", message: "Overloaded" } }),
    errorBody: (status) =>
      JSON.stringify({ type: "error", error: { type: "scripted", message: `scripted failure ${status}` } }),
    wholeAnswer: ({ text, finishReason, usage }) =>
      JSON.stringify({
        ...message,
        content: [{ type: "text", text }],
        stop_reason: finishReason ?? "end_turn",
        stop_sequence: null,
        usage: { input_tokens: inputTokens, output_tokens: usage?.outputTokens ?? 0 },
      }),
  };
}

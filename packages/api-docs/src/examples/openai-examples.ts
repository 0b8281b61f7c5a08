import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from "@ai-orchestra/contracts";

const head = { id: "chatcmpl-turn-1", created: 1_768_469_400, model: "openai/gpt-4.1-mini" } as const;

export const COMPLETION_REQUEST_EXAMPLE: ChatCompletionRequest = {
  model: "openai/gpt-4.1-mini",
  messages: [{ role: "user", content: "Why is the sky blue?" }],
};

export const COMPLETION_EXAMPLE: ChatCompletion = {
  ...head,
  object: "chat.completion",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: "Sunlight is scattered by the air.", refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 14, completion_tokens: 8, total_tokens: 22 },
};

/** The beginning of a stream. */
export const COMPLETION_CHUNK_EXAMPLES: ChatCompletionChunk[] = [
  {
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null }],
  },
  {
    ...head,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { content: "Sunlight is " }, logprobs: null, finish_reason: null }],
  },
];

import type { ErrorCode } from "@ai-orchestra/contracts";
import type { ApiRoute } from "../api-route.js";
import {
  COMPLETION_CHUNK_EXAMPLES,
  COMPLETION_EXAMPLE,
  COMPLETION_REQUEST_EXAMPLE,
} from "../examples/openai-examples.js";
import { TURN_FAILURES, TURN_HEADERS } from "./turn-answers.js";

const route = { tag: "openai", access: "private", errorSchema: "OpenAiError" } as const;
const MODEL_ERRORS: readonly ErrorCode[] = ["unavailable", "timeout"];
const MODEL_EXAMPLE = { id: "openai/gpt-4.1-mini", object: "model", created: 0, owned_by: "openai" };

export const OPENAI_ROUTES: readonly ApiRoute[] = [
  {
    ...route,
    method: "POST",
    path: "/v1/chat/completions",
    operationId: "createChatCompletion",
    summary: "Complete a conversation, as OpenAI does",
    description:
      "Stateless: the messages are the whole context. With `stream: true` the answer is server-sent events that end with `data: [DONE]`; an error in the middle of a stream is an event with an `OpenAiError`. What would change the shape of the answer and is not served is refused. A client that goes away cancels its turn.",
    body: { schemas: ["ChatCompletionRequest"], example: COMPLETION_REQUEST_EXAMPLE },
    answers: [
      {
        status: 200,
        description: "The whole answer, or its stream.",
        headers: TURN_HEADERS,
        contents: [
          { type: "application/json", schemas: ["ChatCompletion"], example: COMPLETION_EXAMPLE },
          {
            type: "text/event-stream",
            schemas: ["ChatCompletionChunk", "OpenAiError"],
            example: COMPLETION_CHUNK_EXAMPLES,
          },
        ],
      },
    ],
    errors: TURN_FAILURES.filter((code) => code !== "session_busy"),
  },
  {
    ...route,
    method: "GET",
    path: "/v1/models",
    operationId: "listModels",
    summary: "List models",
    description: "The default model first.",
    answers: [
      {
        status: 200,
        description: "The models.",
        contents: [
          {
            type: "application/json",
            schemas: ["OpenAiModelList"],
            example: { object: "list", data: [MODEL_EXAMPLE] },
          },
        ],
      },
    ],
    errors: MODEL_ERRORS,
  },
  {
    ...route,
    method: "GET",
    path: "/v1/models/:model",
    operationId: "getModel",
    summary: "Read a model",
    parameters: { model: { description: "The model's id, with `/` written as `%2F`.", kind: "text" } },
    answers: [
      {
        status: 200,
        description: "The model.",
        contents: [{ type: "application/json", schemas: ["OpenAiModel"], example: MODEL_EXAMPLE }],
      },
    ],
    errors: ["not_found", ...MODEL_ERRORS],
  },
];

import { z } from "zod";
import { errorCodeSchema } from "../errors.js";
import { LIMITS } from "../limits.js";
import { imagePartSchema, textPartSchema, toolDefinitionSchema } from "./chat-message.js";
import { samplingSchema } from "./sampling.js";
import { finishReasonSchema } from "./server-frames.js";
import { turnMetadataSchema } from "./turn-options.js";

const { shape: sampling } = samplingSchema;
const textContentSchema = z.union([z.string(), z.array(textPartSchema)]);
const nameSchema = z.string().max(64).nullish();

/** A call that a model made, as it stands in a message. */
const openAiToolCallSchema = z.object({
  id: z.string(),
  type: z.literal("function"),
  function: z.object({ name: z.string(), arguments: z.string() }),
});

/** A message as OpenAI's clients send it. `developer` is the newer name of `system`. */
export const openAiMessageSchema = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer"]), content: textContentSchema, name: nameSchema }),
  z.object({
    role: z.literal("user"),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPartSchema, imagePartSchema]))]),
    name: nameSchema,
  }),
  z.object({
    role: z.literal("assistant"),
    content: z
      .union([
        z.string(),
        z.array(
          z.discriminatedUnion("type", [textPartSchema, z.object({ type: z.literal("refusal"), refusal: z.string() })]),
        ),
      ])
      .nullish(),
    name: nameSchema,
    tool_calls: z.array(openAiToolCallSchema).max(128).nullish(),
  }),
  z.object({ role: z.literal("tool"), content: textContentSchema, tool_call_id: z.string() }),
]);

export type OpenAiMessage = z.infer<typeof openAiMessageSchema>;

/** A field of the API that is not served: absent and null are fine, anything else is refused rather than ignored. */
const unserved = (message: string) => z.null(message).optional();

/** Body of `POST /v1/chat/completions`. What would change the shape of the answer and is not served is refused. */
export const chatCompletionRequestSchema = z.object({
  model: z.string().min(1).max(200),
  messages: z.array(openAiMessageSchema).min(1).max(LIMITS.inputMessages),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  max_tokens: z.int().min(1).max(1_000_000).nullish(),
  /** The newer name of `max_tokens`; it counts where both are given. */
  max_completion_tokens: z.int().min(1).max(1_000_000).nullish(),
  top_p: sampling.topP.nullish(),
  stop: z.union([z.string().min(1).max(256), sampling.stop.unwrap()]).nullish(),
  seed: sampling.seed.nullish(),
  presence_penalty: sampling.presencePenalty.nullish(),
  frequency_penalty: sampling.frequencyPenalty.nullish(),
  logit_bias: sampling.logitBias.nullish(),
  response_format: sampling.responseFormat.nullish(),
  tools: z.array(toolDefinitionSchema).max(128).nullish(),
  tool_choice: sampling.toolChoice.nullish(),
  parallel_tool_calls: sampling.parallelToolCalls.nullish(),
  reasoning_effort: sampling.reasoningEffort.nullish(),
  verbosity: sampling.verbosity.nullish(),
  user: sampling.user.nullish(),
  metadata: turnMetadataSchema.nullish(),
  n: z.literal(1, "one answer a request is all there is").nullish(),
  logprobs: z.literal(false, "log probabilities are not served").nullish(),
  top_logprobs: z.literal(0, "log probabilities are not served").nullish(),
  modalities: z.array(z.literal("text", "answers are text")).nullish(),
  audio: unserved("answers are text"),
  functions: unserved("use tools instead"),
  function_call: unserved("use tool_choice instead"),
  web_search_options: unserved("searching the web is not served"),
});

export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;

const openAiUsageSchema = z.object({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
});

const head = { id: z.string(), created: z.int(), model: z.string() };

/** The whole answer of a request without `stream`. */
export const chatCompletionSchema = z.object({
  ...head,
  object: z.literal("chat.completion"),
  choices: z
    .array(
      z.object({
        index: z.literal(0),
        message: z.object({
          role: z.literal("assistant"),
          content: z.string().nullable(),
          refusal: z.null(),
          tool_calls: z.array(openAiToolCallSchema).optional(),
        }),
        logprobs: z.null(),
        finish_reason: finishReasonSchema,
      }),
    )
    .length(1),
  usage: openAiUsageSchema,
});

export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

const chunkDeltaSchema = z.object({
  role: z.literal("assistant").optional(),
  content: z.string().optional(),
  tool_calls: z
    .array(
      z.object({
        index: z.int().nonnegative(),
        id: z.string().optional(),
        type: z.literal("function").optional(),
        function: z.object({ name: z.string().optional(), arguments: z.string() }),
      }),
    )
    .optional(),
});

/**
 * One event of a streamed answer. The first has the role, the last but one the `finish_reason`; with
 * `stream_options.include_usage` one without choices follows that has the `usage`, which is null in all others.
 */
export const chatCompletionChunkSchema = z.object({
  ...head,
  object: z.literal("chat.completion.chunk"),
  choices: z
    .array(
      z.object({
        index: z.literal(0),
        delta: chunkDeltaSchema,
        logprobs: z.null(),
        finish_reason: finishReasonSchema.nullable(),
      }),
    )
    .max(1),
  usage: openAiUsageSchema.nullable().optional(),
});

export type ChatCompletionChunk = z.infer<typeof chatCompletionChunkSchema>;
export type ChatCompletionDelta = z.infer<typeof chunkDeltaSchema>;

export const openAiModelSchema = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
});

export type OpenAiModel = z.infer<typeof openAiModelSchema>;

/** The answer to `GET /v1/models`, the default model first. */
export const openAiModelListSchema = z.object({ object: z.literal("list"), data: z.array(openAiModelSchema) });

/** The body of an error on the OpenAI-compatible routes, and of one in the middle of a stream. */
export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.enum([
      "invalid_request_error",
      "authentication_error",
      "permission_error",
      "not_found_error",
      "rate_limit_error",
      "server_error",
    ]),
    code: errorCodeSchema,
    /** The field that is wrong, where one is. */
    param: z.string().nullable(),
  }),
});

export type OpenAiError = z.infer<typeof openAiErrorSchema>;

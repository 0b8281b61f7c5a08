import { z } from "zod";
import { idSchema } from "../ids.js";
import { turnInputSchema, turnMetadataSchema, turnModeSchema, turnOptionsSchema } from "./turn-options.js";
import { apiVersionSchema, chatResponseV1Schema } from "./v1.js";

const { shape: options } = turnOptionsSchema;

/** Body of `POST /v2/chat` in V1's style of names; such a request is answered with `ChatResponseV2`. */
export const snakeChatRequestV2Schema = z.object({
  api_version: apiVersionSchema.optional(),
  request_id: z.string().max(100).nullish(),
  message: turnInputSchema.options[1].shape.text,
  session_id: idSchema.nullish(),
  client_id: z.string().max(100).nullish(),
  user_context: z.record(z.string(), z.unknown()).nullish(),
  stream: z.boolean().nullish(),
  metadata: turnMetadataSchema.nullish(),
  optimization_mode: turnModeSchema.nullish(),
  /** A team of agents by name; `none` is none. */
  swarm_type: z.string().max(64).nullish(),
  use_memory: z.boolean().nullish(),
  max_response_tokens: options.maxTokens.nullish(),
  temperature: options.temperature.nullish(),
});

export type SnakeChatRequestV2 = z.infer<typeof snakeChatRequestV2Schema>;

export const chatResponseV2Schema = chatResponseV1Schema.extend({
  /** What a swarm's manager made of its agents' drafts; null without a swarm. */
  manager_response: z.string().nullable(),
  intent: z.string().nullable(),
  confidence: z.number().nullable(),
  swarm_used: z.boolean(),
  tokens_used: z.int().nonnegative(),
});

export type ChatResponseV2 = z.infer<typeof chatResponseV2Schema>;

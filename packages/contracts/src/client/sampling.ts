import { z } from "zod";

const responseFormatSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string().min(1).max(64),
      description: z.string().optional(),
      /** A JSON Schema, passed on as it is. */
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

const toolChoiceSchema = z.union([
  z.enum(["none", "auto", "required"]),
  z.object({ type: z.literal("function"), function: z.object({ name: z.string().min(1).max(64) }) }),
]);

/**
 * How a model is to write, beyond temperature and length; in the meaning of OpenAI's chat completions. Passed on to
 * whichever provider answers; one that has no such setting does without it.
 */
export const samplingSchema = z.object({
  topP: z.number().min(0).max(1).optional(),
  /** Texts at which the answer ends, themselves left out. */
  stop: z.array(z.string().min(1).max(256)).max(16).optional(),
  seed: z.int().optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  logitBias: z.record(z.string().max(16), z.number().min(-100).max(100)).optional(),
  responseFormat: responseFormatSchema.optional(),
  toolChoice: toolChoiceSchema.optional(),
  parallelToolCalls: z.boolean().optional(),
  reasoningEffort: z.string().max(32).optional(),
  verbosity: z.string().max(32).optional(),
  /** The client's own name for its user. */
  user: z.string().max(512).optional(),
});

export type Sampling = z.infer<typeof samplingSchema>;

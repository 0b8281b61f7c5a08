import { z } from "zod";

export const textPartSchema = z.object({ type: z.literal("text"), text: z.string() });

export const imagePartSchema = z.object({
  type: z.literal("image_url"),
  image_url: z.object({ url: z.string(), detail: z.string().optional() }),
});

/** A complete tool call of a model: `arguments` is JSON text as the model wrote it. */
export const toolCallSchema = z.object({ id: z.string(), name: z.string(), arguments: z.string() });

export type ToolCall = z.infer<typeof toolCallSchema>;

/** One message of a conversation, in the roles that OpenAI-compatible models know. */
export const chatMessageSchema = z.object({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPartSchema, imagePartSchema])), z.null()]),
  name: z.string().max(64).optional(),
  /** Assistant only: the calls it made. */
  toolCalls: z.array(toolCallSchema).optional(),
  /** Tool only: which call this answers. */
  toolCallId: z.string().optional(),
});

export type ChatMessage = z.infer<typeof chatMessageSchema>;

/** A function a model may call; `parameters` is a JSON Schema and is passed on as it is. */
export const toolDefinitionSchema = z.object({
  type: z.literal("function"),
  function: z.object({
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
});

export type ToolDefinition = z.infer<typeof toolDefinitionSchema>;

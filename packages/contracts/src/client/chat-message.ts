import { z } from "zod";

export const textPartSchema = z.object({ type: z.literal("text"), text: z.string() });

export const imagePartSchema = z.object({
  type: z.literal("image_url"),
  image_url: z.object({ url: z.string(), detail: z.string().optional() }),
});

export const toolCallSchema = z
  .object({ id: z.string(), name: z.string(), arguments: z.string().describe("JSON text as the model wrote it.") })
  .describe("A complete tool call of a model.");

export type ToolCall = z.infer<typeof toolCallSchema>;

export const chatMessageSchema = z
  .object({
    role: z.enum(["system", "user", "assistant", "tool"]),
    content: z.union([z.string(), z.array(z.discriminatedUnion("type", [textPartSchema, imagePartSchema])), z.null()]),
    name: z.string().max(64).optional(),
    toolCalls: z.array(toolCallSchema).optional().describe("Assistant only: the calls it made."),
    toolCallId: z.string().optional().describe("Tool only: which call this answers."),
  })
  .describe("One message of a conversation, in the roles that OpenAI-compatible models know.");

export type ChatMessage = z.infer<typeof chatMessageSchema>;

export const toolDefinitionSchema = z
  .object({
    type: z.literal("function"),
    function: z.object({
      name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
      description: z.string().optional(),
      parameters: z.record(z.string(), z.unknown()).optional().describe("A JSON Schema; passed on as it is."),
      strict: z.boolean().nullish(),
    }),
  })
  .describe("A function a model may call.");

export type ToolDefinition = z.infer<typeof toolDefinitionSchema>;

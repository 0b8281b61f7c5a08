import { z } from "zod";
import { idSchema } from "../ids.js";
import { LIMITS } from "../limits.js";
import { chatMessageSchema, toolDefinitionSchema } from "./chat-message.js";

export const turnModeSchema = z
  .enum(["lite", "balanced", "quality", "auto"])
  .describe(
    "How much effort a turn may spend; the models file may map each mode to a model. `auto` lets the server choose.",
  );

export type TurnMode = z.infer<typeof turnModeSchema>;

export const turnOptionsSchema = z
  .object({
    model: z.string().min(1).max(200).optional().describe("`provider/name`, or the bare name where it is unique."),
    mode: turnModeSchema.optional(),
    agents: z
      .array(idSchema)
      .max(LIMITS.maxAgents)
      .optional()
      .describe("Names of agents that work on the answer together, in parallel; empty or absent: one model answers."),
    useMemory: z
      .boolean()
      .optional()
      .describe("Whether the session's messages are read and this turn is remembered; default true."),
    temperature: z.number().min(0).max(2).optional(),
    maxTokens: z.int().min(1).max(1_000_000).optional().describe("The longest answer, in tokens."),
    timeoutMs: z
      .int()
      .min(100)
      .max(LIMITS.maxTurnTimeoutMs)
      .optional()
      .describe(`From the turn's submission to its end, in milliseconds; default ${LIMITS.defaultTurnTimeoutMs}.`),
    tools: z.array(toolDefinitionSchema).max(128).optional(),
    cache: z
      .enum(["first", "fallback", "off"])
      .optional()
      .describe(
        "Whether an earlier answer to exactly the same question may be served: instead of asking the model, when every model failed (the default), or never.",
      ),
    onBusy: z
      .enum(["enqueue", "reject", "interrupt"])
      .optional()
      .describe(
        "What happens while another turn of the session runs: wait for it (the default), fail with `session_busy`, or cancel it.",
      ),
    onDisconnect: z
      .enum(["continue", "cancel"])
      .optional()
      .describe(
        "What happens when the client goes away; by default a turn goes on over WebSocket and is cancelled over HTTP.",
      ),
  })
  .describe("What a V2 client may ask of a turn. Absent means the server's default.");

export type TurnOptions = z.infer<typeof turnOptionsSchema>;

const textInputSchema = z.object({
  text: z
    .string()
    .max(LIMITS.inputTextChars)
    .refine((text) => text.trim() !== "", "must not be blank"),
});

const messagesInputSchema = z.object({ messages: z.array(chatMessageSchema).min(1).max(LIMITS.inputMessages) });

export const turnInputSchema = z
  .union([messagesInputSchema, textInputSchema])
  .describe("Either a text for a session with memory, or the whole conversation of a stateless turn.");

export type TurnInput = z.infer<typeof turnInputSchema>;

export const turnMetadataSchema = z
  .record(z.string().max(64), z.union([z.string().max(1024), z.number(), z.boolean(), z.null()]))
  .refine((metadata) => Object.keys(metadata).length <= 32, "must have at most 32 entries")
  .describe("Free facts a client attaches to a turn, 32 at most; kept with it, never interpreted.");

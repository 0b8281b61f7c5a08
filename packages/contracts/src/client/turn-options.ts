import { z } from "zod";
import { idSchema } from "../ids.js";
import { LIMITS } from "../limits.js";
import { chatMessageSchema, toolDefinitionSchema } from "./chat-message.js";

/** How much effort a turn may spend; the models file may map each mode to a model. `auto` lets the server choose. */
export const turnModeSchema = z.enum(["lite", "balanced", "quality", "auto"]);

export type TurnMode = z.infer<typeof turnModeSchema>;

/** What a V2 client may ask of a turn. Absent means the server's default; the gateway resolves all of them. */
export const turnOptionsSchema = z.object({
  /** `provider/name`, or the bare name where it is unique. */
  model: z.string().min(1).max(200).optional(),
  mode: turnModeSchema.optional(),
  /** Names of agents that work on the answer together, in parallel; empty or absent: one model answers. */
  agents: z.array(idSchema).max(LIMITS.maxAgents).optional(),
  useMemory: z.boolean().optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.int().min(1).max(1_000_000).optional(),
  timeoutMs: z.int().min(100).max(LIMITS.maxTurnTimeoutMs).optional(),
  tools: z.array(toolDefinitionSchema).max(128).optional(),
  onBusy: z.enum(["enqueue", "reject", "interrupt"]).optional(),
  onDisconnect: z.enum(["continue", "cancel"]).optional(),
});

export type TurnOptions = z.infer<typeof turnOptionsSchema>;

const textInputSchema = z.object({
  text: z
    .string()
    .max(LIMITS.inputTextChars)
    .refine((text) => text.trim() !== "", "must not be blank"),
});

const messagesInputSchema = z.object({ messages: z.array(chatMessageSchema).min(1).max(LIMITS.inputMessages) });

/** Either a text for a session with memory, or the whole conversation of a stateless turn. */
export const turnInputSchema = z.union([messagesInputSchema, textInputSchema]);

export type TurnInput = z.infer<typeof turnInputSchema>;

/** Free facts a client attaches to a turn; kept with it, never interpreted. */
export const turnMetadataSchema = z
  .record(z.string().max(64), z.union([z.string().max(1024), z.number(), z.boolean(), z.null()]))
  .refine((metadata) => Object.keys(metadata).length <= 32, "must have at most 32 entries");

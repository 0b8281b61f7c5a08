import { z } from "zod";
import { idSchema } from "../ids.js";
import { turnInputSchema, turnMetadataSchema, turnOptionsSchema } from "./turn-options.js";

/** Body of `POST /v2/chat`: a `turn.start` frame without its type, in which the turn id may be left to the server. */
export const chatRequestV2Schema = z.object({
  turnId: idSchema.optional(),
  sessionId: idSchema.optional(),
  input: turnInputSchema,
  options: turnOptionsSchema.optional(),
  metadata: turnMetadataSchema.optional(),
});

export type ChatRequestV2 = z.infer<typeof chatRequestV2Schema>;

/** A page of something; `nextCursor` is absent on the last one. */
const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().optional() });

export const sessionSummarySchema = z.object({
  sessionId: idSchema,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  turns: z.int().nonnegative(),
  messages: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
});

export type SessionSummary = z.infer<typeof sessionSummarySchema>;

/** One remembered message. `status` says how its turn ended; only `completed` and `cancelled` reach a model again. */
export const sessionMessageSchema = z.object({
  turnId: idSchema,
  role: z.enum(["user", "assistant"]),
  text: z.string(),
  status: z.enum(["completed", "failed", "cancelled"]),
  model: z.string().optional(),
  createdAt: z.iso.datetime(),
});

export type SessionMessage = z.infer<typeof sessionMessageSchema>;

export const sessionPageSchema = pageOf(sessionSummarySchema);
export const sessionMessagePageSchema = pageOf(sessionMessageSchema);

export type SessionPage = z.infer<typeof sessionPageSchema>;
export type SessionMessagePage = z.infer<typeof sessionMessagePageSchema>;

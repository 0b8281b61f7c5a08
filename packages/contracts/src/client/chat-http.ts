import { z } from "zod";
import { idSchema } from "../ids.js";
import { turnInputSchema, turnMetadataSchema, turnOptionsSchema } from "./turn-options.js";

export const chatRequestV2Schema = z
  .object({
    turnId: idSchema.optional().describe("Idempotency key; the server makes one up when it is absent."),
    sessionId: idSchema.optional().describe("Derived from the turn id when absent."),
    input: turnInputSchema,
    options: turnOptionsSchema.optional(),
    metadata: turnMetadataSchema.optional(),
  })
  .describe("A `turn.start` frame without its type, in which the turn id may be left to the server.");

/** The answer of `POST /v2/turns/{id}/cancel`. */
export const turnNameSchema = z.object({ turnId: idSchema, sessionId: idSchema });

export type ChatRequestV2 = z.infer<typeof chatRequestV2Schema>;

const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().optional().describe("Send it as `cursor` for the next page; absent on the last one."),
  });

export const sessionSummarySchema = z
  .object({
    sessionId: idSchema,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    turns: z.int().nonnegative(),
    messages: z.int().nonnegative(),
    bytes: z.int().nonnegative().describe("UTF-8 bytes of the remembered texts."),
  })
  .describe("A session as its owner sees it.");

export type SessionSummary = z.infer<typeof sessionSummarySchema>;

export const sessionMessageSchema = z
  .object({
    turnId: idSchema,
    role: z.enum(["user", "assistant"]),
    text: z.string(),
    status: z
      .enum(["completed", "failed", "cancelled"])
      .describe("How its turn ended; only `completed` and `cancelled` reach a model again."),
    model: z.string().optional(),
    createdAt: z.iso.datetime(),
  })
  .describe("One remembered message.");

export type SessionMessage = z.infer<typeof sessionMessageSchema>;

export const sessionPageSchema = pageOf(sessionSummarySchema);
export const sessionMessagePageSchema = pageOf(sessionMessageSchema);

export type SessionPage = z.infer<typeof sessionPageSchema>;
export type SessionMessagePage = z.infer<typeof sessionMessagePageSchema>;

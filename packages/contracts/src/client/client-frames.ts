import { z } from "zod";
import { idSchema } from "../ids.js";
import { turnInputSchema, turnMetadataSchema, turnOptionsSchema } from "./turn-options.js";

export const turnStartFrameSchema = z
  .object({
    type: z.literal("turn.start"),
    turnId: idSchema.describe("Idempotency key: the same id runs once and answers every sender."),
    sessionId: idSchema.optional().describe("Derived from the turn id when absent."),
    input: turnInputSchema,
    options: turnOptionsSchema.optional(),
    metadata: turnMetadataSchema.optional(),
    traceparent: z.string().max(64).optional().describe("W3C trace context to continue."),
  })
  .describe("Starts a turn.");

export const turnCancelFrameSchema = z
  .object({
    type: z.literal("turn.cancel"),
    turnId: idSchema,
    sessionId: idSchema.optional(),
  })
  .describe("Cancels a turn, wherever it is; it ends with `turn.cancelled`.");

export const turnResumeFrameSchema = z
  .object({
    type: z.literal("turn.resume"),
    turnId: idSchema,
    sessionId: idSchema,
    attempt: z.int().nonnegative().describe("The last attempt that was seen; 0 for none."),
    position: z.int().nonnegative().describe("The last `to` of that attempt; 0 for none."),
  })
  .describe("Asks for what came after `position` of `attempt`, and for what comes from now on.");

export const sessionAttachFrameSchema = z
  .object({ type: z.literal("session.attach"), sessionId: idSchema })
  .describe("Asks for every event of the session, whichever connection started the turn.");
export const sessionDetachFrameSchema = z
  .object({ type: z.literal("session.detach"), sessionId: idSchema })
  .describe("Ends a `session.attach`.");
export const authRefreshFrameSchema = z
  .object({
    type: z.literal("auth.refresh"),
    token: z.string().min(1).max(16_384),
  })
  .describe("Shows a newer token of the same client, before the old one ends.");
export const pingFrameSchema = z
  .object({ type: z.literal("ping"), nonce: z.string().max(128).optional().describe("Comes back in the `pong`.") })
  .describe("Answered with `pong`.");

/** Every frame a V2 client may send. Unknown fields are ignored, unknown types are refused. */
export const clientFrameSchema = z.discriminatedUnion("type", [
  turnStartFrameSchema,
  turnCancelFrameSchema,
  turnResumeFrameSchema,
  sessionAttachFrameSchema,
  sessionDetachFrameSchema,
  authRefreshFrameSchema,
  pingFrameSchema,
]);

export type ClientFrame = z.infer<typeof clientFrameSchema>;
export type TurnStartFrame = z.infer<typeof turnStartFrameSchema>;
export type TurnCancelFrame = z.infer<typeof turnCancelFrameSchema>;
export type TurnResumeFrame = z.infer<typeof turnResumeFrameSchema>;

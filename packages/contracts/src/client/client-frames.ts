import { z } from "zod";
import { idSchema } from "../ids.js";
import { turnInputSchema, turnMetadataSchema, turnOptionsSchema } from "./turn-options.js";

/** Starts a turn. `turnId` is the idempotency key: the same id runs once and answers every sender. */
export const turnStartFrameSchema = z.object({
  type: z.literal("turn.start"),
  turnId: idSchema,
  sessionId: idSchema.optional(),
  input: turnInputSchema,
  options: turnOptionsSchema.optional(),
  metadata: turnMetadataSchema.optional(),
  traceparent: z.string().max(64).optional(),
});

export const turnCancelFrameSchema = z.object({
  type: z.literal("turn.cancel"),
  turnId: idSchema,
  sessionId: idSchema.optional(),
});

/** Asks for what came after `position` of `attempt`; 0 and 0 for all. */
export const turnResumeFrameSchema = z.object({
  type: z.literal("turn.resume"),
  turnId: idSchema,
  sessionId: idSchema,
  attempt: z.int().nonnegative(),
  position: z.int().nonnegative(),
});

export const sessionAttachFrameSchema = z.object({ type: z.literal("session.attach"), sessionId: idSchema });
export const sessionDetachFrameSchema = z.object({ type: z.literal("session.detach"), sessionId: idSchema });
export const authRefreshFrameSchema = z.object({
  type: z.literal("auth.refresh"),
  token: z.string().min(1).max(16_384),
});
export const pingFrameSchema = z.object({ type: z.literal("ping"), nonce: z.string().max(128).optional() });

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

import { z } from "zod";
import { errorCodeSchema, errorDetailSchema } from "../errors.js";
import { LIMITS } from "../limits.js";
import { turnModeSchema } from "./turn-options.js";

/** What a client says its version is: `1`, `v1`, `1.0`; the same for 2. */
export const apiVersionSchema = z.union([z.string().max(16), z.number()]).transform(String);

/** Whatever a V1 client attaches; kept where it is plain, never interpreted. */
const attachmentSchema = z.record(z.string(), z.unknown());

const v1MessageSchema = z
  .string()
  .max(LIMITS.v1MessageChars)
  .refine((text) => text.trim() !== "", "must not be blank");

const v1SessionIdSchema = z.string().min(1).max(100);

/** Older names that V1 clients still use, and what they are called now. */
export const V1_OLD_NAMES = { text: "message", sessionId: "session_id", userContext: "user_context" } as const;

/** Moves what stands under an old name to the new one, unless that is there too. */
function renameOldFields(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const renamed: Record<string, unknown> = { ...body };
  for (const [old, name] of Object.entries(V1_OLD_NAMES)) renamed[name] ??= renamed[old];
  return renamed;
}

/** Body of `POST /v1/chat`. */
export const chatRequestV1Schema = z.preprocess(
  renameOldFields,
  z.object({
    api_version: apiVersionSchema.optional(),
    request_id: z.string().max(100).nullish(),
    message: v1MessageSchema,
    session_id: v1SessionIdSchema,
    client_id: z.string().max(100).nullish(),
    user_context: attachmentSchema.nullish(),
    /** Accepted for what it was; the answer over HTTP is whole either way. */
    stream: z.boolean().default(true),
    metadata: attachmentSchema.nullish(),
  }),
);

export type ChatRequestV1 = z.infer<typeof chatRequestV1Schema>;

/** The answer of `POST /v1/chat`. */
export const chatResponseV1Schema = z.object({
  api_version: z.string(),
  request_id: z.string(),
  timestamp: z.iso.datetime(),
  session_id: z.string(),
  response: z.string(),
  execution_mode: turnModeSchema,
  /** Seconds. */
  execution_time: z.number().nonnegative(),
  quality_score: z.number().min(0).max(1),
  success: z.boolean(),
  error: z
    .object({
      code: errorCodeSchema,
      message: z.string(),
      details: z.array(errorDetailSchema).optional(),
      requestId: z.string(),
    })
    .optional(),
  metadata: z.record(z.string(), z.unknown()),
});

export type ChatResponseV1 = z.infer<typeof chatResponseV1Schema>;

const v1FrameDataSchema = z.object({
  message: z.string().optional(),
  text: z.string().optional(),
  context: attachmentSchema.nullish(),
  swarm_type: z.unknown().optional(),
  optimization_mode: z.unknown().optional(),
});

const correlationIdSchema = z.union([z.string().max(200), z.number()]).nullish();

/**
 * A frame of a V1 client on `/ws/chat/{client_id}/{session_id}`. A bare `{"message": …}` is a chat; a `ping`, also as
 * the text of a command or control frame, is answered with `pong`.
 */
export const v1ClientFrameSchema = z.union([
  z.object({
    type: z.enum(["chat", "message", "command", "control"]),
    data: v1FrameDataSchema,
    correlation_id: correlationIdSchema,
  }),
  z.object({ type: z.literal("ping"), correlation_id: correlationIdSchema }),
  z.object({ type: z.undefined().optional(), message: z.string(), correlation_id: correlationIdSchema }),
]);

export type V1ClientFrame = z.infer<typeof v1ClientFrameSchema>;

/** The text of a V1 chat, whichever way it came: 1 to 10 000 characters, not blank. */
export const v1ChatTextSchema = v1MessageSchema;

/** A piece of a streamed V1 answer. `complete` has the whole text, `error` says why there will be none. */
export const v1StreamTokenSchema = z.object({
  type: z.enum(["token", "manager", "status", "complete", "error"]),
  content: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  timestamp: z.iso.datetime(),
});

export type V1StreamToken = z.infer<typeof v1StreamTokenSchema>;

const v1FrameHead = { timestamp: z.iso.datetime(), correlation_id: z.union([z.string(), z.number()]).optional() };
const v1ErrorDataSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  retryable: z.boolean(),
  retry_after_ms: z.number().nonnegative().optional(),
});

/** Every frame a V1 server sends. `correlation_id` is the one of the frame that it answers. */
export const v1ServerFrameSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("status"),
    ...v1FrameHead,
    data: z.looseObject({ status: z.enum(["connected", "accepted", "cancelling", "draining"]) }),
  }),
  z.object({ type: z.literal("stream_token"), ...v1FrameHead, data: v1StreamTokenSchema }),
  z.object({ type: z.literal("error"), ...v1FrameHead, data: v1ErrorDataSchema }),
  z.object({ type: z.literal("timeout"), ...v1FrameHead, data: v1ErrorDataSchema }),
  z.object({ type: z.literal("pong"), ...v1FrameHead }),
]);

export type V1ServerFrame = z.infer<typeof v1ServerFrameSchema>;

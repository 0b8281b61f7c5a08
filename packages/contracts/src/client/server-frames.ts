import { z } from "zod";
import { errorCodeSchema } from "../errors.js";
import { idSchema } from "../ids.js";
import { toolCallSchema } from "./chat-message.js";
import { turnModeSchema } from "./turn-options.js";

export const helloFrameSchema = z.object({
  type: z.literal("hello"),
  connectionId: idSchema,
  protocol: z.literal("2"),
  heartbeatMs: z.int(),
  limits: z.object({ maxMessageBytes: z.int(), maxTurnsInFlight: z.int(), messagesPerMinute: z.int() }),
});

export const turnAcceptedFrameSchema = z.object({
  type: z.literal("turn.accepted"),
  turnId: idSchema,
  sessionId: idSchema,
  duplicate: z.boolean().optional(),
});

/** A (new) attempt begins: its text starts again from nothing at position 0. */
export const turnStartedFrameSchema = z.object({
  type: z.literal("turn.started"),
  turnId: idSchema,
  sessionId: idSchema,
  attempt: z.int().positive(),
  model: z.string(),
  mode: turnModeSchema,
});

const positioned = {
  turnId: idSchema,
  attempt: z.int().positive(),
  from: z.int().nonnegative(),
  to: z.int().positive(),
};

/** A piece of text. Without `agent` it belongs to the answer itself. */
export const turnDeltaFrameSchema = z.object({
  type: z.literal("turn.delta"),
  ...positioned,
  text: z.string(),
  agent: z.string().optional(),
});

export const turnStatusFrameSchema = z.object({
  type: z.literal("turn.status"),
  ...positioned,
  stage: z.string(),
  detail: z.string().optional(),
  agent: z.string().optional(),
});

/** A fragment of a tool call; `index` numbers the calls of the turn, `arguments` fragments add up to JSON text. */
export const turnToolFrameSchema = z.object({
  type: z.literal("turn.tool"),
  ...positioned,
  index: z.int().nonnegative(),
  id: z.string(),
  name: z.string().optional(),
  arguments: z.string(),
});

export const finishReasonSchema = z.enum(["stop", "length", "tool_calls", "content_filter"]);

export type FinishReason = z.infer<typeof finishReasonSchema>;

/** Token counts; `estimated` when the provider sent none. */
export const usageSchema = z.object({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  estimated: z.boolean(),
});

export type Usage = z.infer<typeof usageSchema>;

export const turnMetadataResultSchema = z.object({
  model: z.string(),
  mode: turnModeSchema,
  latencyMs: z.number(),
  timeToFirstTokenMs: z.number().nullable(),
  cached: z.boolean(),
  degraded: z.boolean(),
  /** Models that were tried before the one that answered. */
  fallbacks: z.array(z.string()),
  agents: z.array(z.string()),
  /** Delivery score from 0 to 1, not an opinion on the text. */
  qualityScore: z.number().min(0).max(1),
  intent: z.string().nullable(),
  confidence: z.number().nullable(),
  traceId: z.string(),
});

export type TurnResultMetadata = z.infer<typeof turnMetadataResultSchema>;

export const turnCompletedFrameSchema = z.object({
  type: z.literal("turn.completed"),
  turnId: idSchema,
  sessionId: idSchema,
  attempt: z.int().positive(),
  output: z.object({ text: z.string(), toolCalls: z.array(toolCallSchema).optional() }),
  usage: usageSchema,
  finishReason: finishReasonSchema,
  metadata: turnMetadataResultSchema,
});

export const turnFailedFrameSchema = z.object({
  type: z.literal("turn.failed"),
  turnId: idSchema,
  sessionId: idSchema,
  code: errorCodeSchema,
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().nonnegative().optional(),
  partialText: z.string().optional(),
  traceId: z.string(),
});

export const turnCancelledFrameSchema = z.object({
  type: z.literal("turn.cancelled"),
  turnId: idSchema,
  sessionId: idSchema,
  partialText: z.string(),
});

/** Answers a client frame that was refused; the connection lives on. */
export const errorFrameSchema = z.object({
  type: z.literal("error"),
  code: errorCodeSchema,
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().nonnegative().optional(),
  turnId: idSchema.optional(),
});

export const drainFrameSchema = z.object({ type: z.literal("drain"), reconnectAfterMs: z.int().nonnegative() });
export const pongFrameSchema = z.object({ type: z.literal("pong"), nonce: z.string().optional() });

/** How a turn ended: exactly one of these reaches each viewer of a turn. */
export const terminalFrameSchema = z.discriminatedUnion("type", [
  turnCompletedFrameSchema,
  turnFailedFrameSchema,
  turnCancelledFrameSchema,
]);

/** Every frame a V2 server sends. */
export const serverFrameSchema = z.discriminatedUnion("type", [
  helloFrameSchema,
  turnAcceptedFrameSchema,
  turnStartedFrameSchema,
  turnDeltaFrameSchema,
  turnStatusFrameSchema,
  turnToolFrameSchema,
  turnCompletedFrameSchema,
  turnFailedFrameSchema,
  turnCancelledFrameSchema,
  errorFrameSchema,
  drainFrameSchema,
  pongFrameSchema,
]);

export type ServerFrame = z.infer<typeof serverFrameSchema>;
export type HelloFrame = z.infer<typeof helloFrameSchema>;
export type TurnAcceptedFrame = z.infer<typeof turnAcceptedFrameSchema>;
export type TurnStartedFrame = z.infer<typeof turnStartedFrameSchema>;
export type TurnDeltaFrame = z.infer<typeof turnDeltaFrameSchema>;
export type TurnStatusFrame = z.infer<typeof turnStatusFrameSchema>;
export type TurnToolFrame = z.infer<typeof turnToolFrameSchema>;
export type TurnCompletedFrame = z.infer<typeof turnCompletedFrameSchema>;
export type TurnFailedFrame = z.infer<typeof turnFailedFrameSchema>;
export type TurnCancelledFrame = z.infer<typeof turnCancelledFrameSchema>;
export type TerminalFrame = z.infer<typeof terminalFrameSchema>;
export type ErrorFrame = z.infer<typeof errorFrameSchema>;

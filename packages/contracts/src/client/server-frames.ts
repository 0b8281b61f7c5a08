import { z } from "zod";
import { errorCodeSchema } from "../errors.js";
import { idSchema } from "../ids.js";
import { toolCallSchema } from "./chat-message.js";
import { turnModeSchema } from "./turn-options.js";

export const helloFrameSchema = z
  .object({
    type: z.literal("hello"),
    connectionId: idSchema,
    protocol: z.literal("2"),
    heartbeatMs: z.int().describe("Within this time a silent connection is probed."),
    limits: z.object({
      maxMessageBytes: z.int().describe("UTF-8 bytes of one frame."),
      maxTurnsInFlight: z.int().describe("Turns of this connection without a terminal frame."),
      messagesPerMinute: z.int().describe("Frames a minute and client."),
    }),
  })
  .describe("The first frame of every connection.");

export const turnAcceptedFrameSchema = z
  .object({
    type: z.literal("turn.accepted"),
    turnId: idSchema,
    sessionId: idSchema,
    duplicate: z.boolean().optional().describe("True when the turn id was there already: it does not run again."),
  })
  .describe("The turn is in the queue and will run, whatever happens to this server.");

export const turnStartedFrameSchema = z
  .object({
    type: z.literal("turn.started"),
    turnId: idSchema,
    sessionId: idSchema,
    attempt: z.int().positive(),
    model: z.string(),
    mode: turnModeSchema,
  })
  .describe(
    "An attempt begins: its text starts again from nothing at position 0. It comes again, with a higher attempt, when the server that ran the turn died.",
  );

const positioned = {
  turnId: idSchema,
  attempt: z.int().positive(),
  from: z.int().nonnegative().describe("The position before: the `to` of the event before it, 0 for the first."),
  to: z.int().positive().describe("The position after; opaque: keep the last one to resume from it."),
};

export const turnDeltaFrameSchema = z
  .object({
    type: z.literal("turn.delta"),
    ...positioned,
    text: z.string(),
    agent: z.string().optional().describe("Who wrote it; absent: it belongs to the answer itself."),
  })
  .describe("A piece of text.");

export const turnStatusFrameSchema = z
  .object({
    type: z.literal("turn.status"),
    ...positioned,
    stage: z.string(),
    detail: z.string().optional(),
    agent: z.string().optional(),
  })
  .describe("What is going on: an agent started, a fallback was taken, a feature is off.");

export const turnToolFrameSchema = z
  .object({
    type: z.literal("turn.tool"),
    ...positioned,
    index: z.int().nonnegative().describe("Numbers the calls of the turn."),
    id: z.string(),
    name: z.string().optional(),
    arguments: z.string().describe("The fragments of a call add up to JSON text."),
  })
  .describe("A fragment of a tool call.");

export const finishReasonSchema = z.enum(["stop", "length", "tool_calls", "content_filter"]);

export type FinishReason = z.infer<typeof finishReasonSchema>;

export const usageSchema = z
  .object({
    inputTokens: z.int().nonnegative(),
    outputTokens: z.int().nonnegative(),
    estimated: z.boolean().describe("True when the provider sent no counts."),
  })
  .describe("Token counts.");

export type Usage = z.infer<typeof usageSchema>;

export const turnMetadataResultSchema = z
  .object({
    model: z.string(),
    mode: turnModeSchema,
    latencyMs: z.number(),
    timeToFirstTokenMs: z.number().nullable(),
    cached: z.boolean(),
    degraded: z.boolean().describe("True when something was missing, such as the session's memory."),
    off: z.array(z.string()).optional().describe("Features that the turn wanted and went without."),
    fallbacks: z.array(z.string()).describe("Models that were tried before the one that answered."),
    agents: z.array(z.string()),
    qualityScore: z
      .number()
      .min(0)
      .max(1)
      .describe(
        "Delivery score, not an opinion on the text: 1, less 0.2 after a fallback, 0.2 when degraded, 0.1 when cached, 0.3 when cut off.",
      ),
    intent: z.string().nullable().describe("Null until an intent step ran."),
    confidence: z.number().nullable(),
    traceId: z.string(),
  })
  .describe("How the answer came about.");

export type TurnResultMetadata = z.infer<typeof turnMetadataResultSchema>;

export const turnCompletedFrameSchema = z
  .object({
    type: z.literal("turn.completed"),
    turnId: idSchema,
    sessionId: idSchema,
    attempt: z.int().positive(),
    output: z.object({
      text: z.string().describe("What the answer's deltas of this attempt add up to."),
      toolCalls: z.array(toolCallSchema).optional(),
    }),
    usage: usageSchema,
    finishReason: finishReasonSchema,
    metadata: turnMetadataResultSchema,
  })
  .describe("The turn ended with an answer.");

export const turnFailedFrameSchema = z
  .object({
    type: z.literal("turn.failed"),
    turnId: idSchema,
    sessionId: idSchema,
    code: errorCodeSchema,
    message: z.string(),
    retryable: z.boolean(),
    retryAfterMs: z.number().nonnegative().optional(),
    partialText: z.string().optional(),
    traceId: z.string(),
  })
  .describe("The turn ended without an answer.");

export const turnCancelledFrameSchema = z
  .object({
    type: z.literal("turn.cancelled"),
    turnId: idSchema,
    sessionId: idSchema,
    partialText: z.string(),
  })
  .describe("The turn was cancelled.");

export const errorFrameSchema = z
  .object({
    type: z.literal("error"),
    code: errorCodeSchema,
    message: z.string(),
    retryable: z.boolean(),
    retryAfterMs: z.number().nonnegative().optional(),
    turnId: idSchema.optional(),
  })
  .describe("Answers a client frame that was refused; the connection lives on.");

export const drainFrameSchema = z
  .object({ type: z.literal("drain"), reconnectAfterMs: z.int().nonnegative() })
  .describe("This node is going away; running turns go on elsewhere. Reconnect after the time and resume.");
export const pongFrameSchema = z
  .object({ type: z.literal("pong"), nonce: z.string().optional() })
  .describe("Answers a `ping`.");

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

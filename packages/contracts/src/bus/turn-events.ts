import { z } from "zod";
import {
  turnDeltaFrameSchema,
  turnStartedFrameSchema,
  turnStatusFrameSchema,
  turnToolFrameSchema,
} from "../client/server-frames.js";
import type { CallContract } from "./call-contract.js";
import { subjects, type TurnKey } from "./subjects.js";
import { turnResultSchema } from "./turn-result.js";

/**
 * What an orchestrator publishes while a turn runs. All but the last are client frames as they are, so that a gateway
 * passes their bytes on; `turn.result` announces the end and carries the terminal frame inside.
 */
export const turnEventSchema = z.discriminatedUnion("type", [
  turnStartedFrameSchema,
  turnDeltaFrameSchema,
  turnStatusFrameSchema,
  turnToolFrameSchema,
  z.object({ type: z.literal("turn.result"), result: turnResultSchema }),
]);

export type TurnEvent = z.infer<typeof turnEventSchema>;

/** Asked of the orchestrator that runs a turn, on the turn's control subject. */
export const turnControlRequestSchema = z.discriminatedUnion("op", [
  /** What came after `position` of `attempt`. A producer of a lower attempt stays silent. */
  z.object({ op: z.literal("state"), attempt: z.int().nonnegative(), position: z.int().nonnegative() }),
  z.object({ op: z.literal("cancel") }),
]);

export type TurnControlRequest = z.infer<typeof turnControlRequestSchema>;

/**
 * `events` continue where the request said, or begin with `turn.started` when it named a lower attempt, and reach up to
 * `position`. With `more` there is more to be told: ask again from there.
 */
export const turnControlReplySchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("running"),
    attempt: z.int(),
    position: z.int(),
    more: z.boolean(),
    events: z.array(turnEventSchema),
  }),
  z.object({ status: z.literal("cancelling") }),
]);

export type TurnControlReply = z.infer<typeof turnControlReplySchema>;

/** The control call of one turn; served by the orchestrator that runs it, by two for a moment after a recovery. */
export function turnControl(
  key: TurnKey,
): CallContract<typeof turnControlRequestSchema, typeof turnControlReplySchema> {
  return {
    subject: subjects.turnControl(key),
    request: turnControlRequestSchema,
    response: turnControlReplySchema,
    timeoutMs: 1_000,
  };
}

import { z } from "zod";
import { terminalFrameSchema } from "../client/server-frames.js";
import { idSchema, ownerSchema } from "../ids.js";

/** How a turn ended, decided once: the message of the results stream and memory's commit log. */
export const turnResultSchema = z.object({
  owner: ownerSchema,
  sessionId: idSchema,
  turnId: idSchema,
  attempt: z.int().nonnegative(),
  /** Stream sequence of the turn in the queue: the order of turns in a session. */
  order: z.int().nonnegative(),
  stateless: z.boolean(),
  /** The lease's fencing token, absent where the turn ran without one. */
  fence: z.int().optional(),
  /** End of the attempt's event log. */
  to: z.int().nonnegative(),
  /** Where the answer's text stands in the event log, as `[from, to]` pairs that add up to the length of `output.text` or `partialText`. */
  segments: z.array(z.tuple([z.int(), z.int()])),
  /** The user's text, for the history; absent for stateless turns and those with `useMemory: false`. */
  inputText: z.string().optional(),
  frame: terminalFrameSchema,
  /** Epoch milliseconds. */
  submittedAt: z.number(),
  finishedAt: z.number(),
});

export type TurnResult = z.infer<typeof turnResultSchema>;

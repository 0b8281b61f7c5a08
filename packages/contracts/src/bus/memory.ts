import { z } from "zod";
import { sessionMessagePageSchema, sessionPageSchema, sessionSummarySchema } from "../client/chat-http.js";
import { idSchema, ownerSchema } from "../ids.js";
import { defineCall } from "./call-contract.js";
import { turnResultSchema } from "./turn-result.js";

const sessionKey = { owner: ownerSchema, sessionId: idSchema };
const turnKey = { ...sessionKey, turnId: idSchema };

const contextMessageSchema = z.object({ role: z.enum(["user", "assistant"]), text: z.string() });

export type ContextMessage = z.infer<typeof contextMessageSchema>;

/** Grants the session's lease to a turn and returns the context window, oldest message first, or says why not. */
export const memoryTurnBegin = defineCall({
  subject: "memory.turn.begin",
  request: z.object({
    ...turnKey,
    order: z.int().nonnegative(),
    attempt: z.int().positive(),
    /** Wait for this turn's result first. */
    afterTurnId: idSchema.optional(),
    useMemory: z.boolean(),
  }),
  response: z.discriminatedUnion("status", [
    z.object({
      status: z.literal("granted"),
      fence: z.int(),
      leaseTtlMs: z.int(),
      messages: z.array(contextMessageSchema),
    }),
    z.object({
      status: z.literal("busy"),
      /** The turn in front: it has the lease, is the one named by `afterTurnId`, or waits too and was sent before. */
      holderTurnId: idSchema.optional(),
      /** `catching_up`: nobody is in front, but results are still to be applied. */
      reason: z.enum(["held", "after", "queued", "catching_up"]),
      retryAfterMs: z.int(),
    }),
    z.object({ status: z.literal("done") }),
    z.object({ status: z.literal("exhausted"), starts: z.int() }),
  ]),
  timeoutMs: 2_000,
});

/** Keeps a lease alive; `held: false` means another attempt or turn has it and the caller must stop. */
export const memoryTurnRenew = defineCall({
  subject: "memory.turn.renew",
  request: z.object({
    ...turnKey,
    fence: z.int(),
    /** The caller leaves and another attempt follows at once: this one does not count as a start. */
    handOver: z.boolean().optional(),
  }),
  response: z.object({ held: z.boolean() }),
  timeoutMs: 1_000,
});

/** Applies a result to the session and releases its lease. Idempotent by turn; the results stream brings it again. */
export const memoryTurnCommit = defineCall({
  subject: "memory.turn.commit",
  request: turnResultSchema,
  response: z.object({ status: z.enum(["applied", "duplicate"]) }),
  timeoutMs: 1_000,
});

/**
 * What the history keeps of one turn, for as long as its session lives. No `turn`: it has not ended, was stateless, did
 * not use memory, or never was.
 */
export const memoryTurnGet = defineCall({
  subject: "memory.turn.get",
  request: z.object(turnKey),
  response: z.object({
    turn: z
      .object({
        status: z.enum(["completed", "failed", "cancelled"]),
        /** The answer, or what was said of it. */
        text: z.string(),
        model: z.string().optional(),
        submittedAt: z.number(),
        finishedAt: z.number(),
      })
      .optional(),
  }),
  timeoutMs: 2_000,
});

export const memorySessionsList = defineCall({
  subject: "memory.sessions.list",
  request: z.object({ owner: ownerSchema, cursor: z.string().max(256).optional(), limit: z.int().min(1).max(100) }),
  response: sessionPageSchema,
  timeoutMs: 2_000,
});

/** Fails with `not_found` for a session that does not exist or is another's. */
export const memorySessionsGet = defineCall({
  subject: "memory.sessions.get",
  request: z.object(sessionKey),
  response: sessionSummarySchema,
  timeoutMs: 2_000,
});

export const memorySessionsDelete = defineCall({
  subject: "memory.sessions.delete",
  request: z.object(sessionKey),
  response: z.object({ deleted: z.boolean() }),
  timeoutMs: 2_000,
});

/** Messages of a session, oldest first. */
export const memorySessionsMessages = defineCall({
  subject: "memory.sessions.messages",
  request: z.object({ ...sessionKey, cursor: z.string().max(256).optional(), limit: z.int().min(1).max(200) }),
  response: sessionMessagePageSchema,
  timeoutMs: 2_000,
});

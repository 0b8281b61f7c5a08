import { z } from "zod";
import { toolDefinitionSchema } from "../client/chat-message.js";
import { samplingSchema } from "../client/sampling.js";
import { turnInputSchema, turnMetadataSchema, turnModeSchema, turnOptionsSchema } from "../client/turn-options.js";
import { idSchema, ownerSchema } from "../ids.js";

/** A turn as it waits in the queue: every option resolved, every id checked. Times are epoch milliseconds. */
export const turnRequestSchema = z.object({
  owner: ownerSchema,
  sessionId: idSchema,
  turnId: idSchema,
  /** The turn of this session that the same connection sent before and that had not ended then. */
  afterTurnId: idSchema.optional(),
  /** A stateless turn brings its messages and takes neither lease, context nor commit. */
  stateless: z.boolean(),
  input: turnInputSchema,
  options: z.object({
    model: z.string().optional(),
    mode: turnModeSchema,
    agents: z.array(idSchema),
    useMemory: z.boolean(),
    temperature: z.number().optional(),
    maxTokens: z.int().optional(),
    sampling: samplingSchema.optional(),
    tools: z.array(toolDefinitionSchema).optional(),
    cache: turnOptionsSchema.shape.cache,
    onBusy: z.enum(["enqueue", "reject", "interrupt"]),
  }),
  metadata: turnMetadataSchema.optional(),
  /** What the client's credentials say about it: feature flags are evaluated for it. */
  audience: z.object({ tier: z.string().max(64), groups: z.array(z.string().max(64)).max(64) }).optional(),
  submittedAt: z.number(),
  /** After this moment the turn fails with `timeout`, wherever it is. */
  deadlineAt: z.number(),
});

export type TurnRequest = z.infer<typeof turnRequestSchema>;

import { z } from "zod";
import { idSchema, ownerSchema } from "../ids.js";
import { defineCall } from "./call-contract.js";

/** Connections named in one call, at most; a gateway with more makes several calls. */
export const MAX_CONNECTIONS_PER_CALL = 500;

/** Open connections of one client, as their gateway knows them. */
const clientConnectionsSchema = z.object({
  owner: ownerSchema,
  connectionIds: z.array(idSchema).min(1).max(MAX_CONNECTIONS_PER_CALL),
});

export type ClientConnections = z.infer<typeof clientConnectionsSchema>;

const connectionBatchSchema = z.array(clientConnectionsSchema).min(1).max(MAX_CONNECTIONS_PER_CALL);

/**
 * Takes one of the `limit` places that a client has for its connections, over all gateways. A place is kept for
 * `leaseTtlMs` after the last renewal. The place of `replaces`, if that has one, passes on.
 */
export const memoryConnectionsAcquire = defineCall({
  subject: "memory.connections.acquire",
  request: z.object({
    owner: ownerSchema,
    connectionId: idSchema,
    replaces: idSchema.optional(),
    limit: z.int().positive(),
  }),
  response: z.discriminatedUnion("status", [
    z.object({ status: z.literal("granted"), leaseTtlMs: z.int().positive() }),
    /** `retryAfterMs`: when a place may be free, should the client close none itself. */
    z.object({ status: z.literal("refused"), retryAfterMs: z.int().nonnegative() }),
  ]),
  timeoutMs: 1_000,
});

/**
 * Keeps the places of many connections. One that has none, because it came while leases could not be had or because
 * they were lost, gets one whatever the limit: the connection is open. `replaced` are those whose place passed on to
 * another connection of the client; they are to be closed.
 */
export const memoryConnectionsRenew = defineCall({
  subject: "memory.connections.renew",
  request: z.object({ clients: connectionBatchSchema }),
  response: z.object({ replaced: z.array(idSchema), leaseTtlMs: z.int().positive() }),
  timeoutMs: 2_000,
});

/** Frees the places of connections that are closed. */
export const memoryConnectionsRelease = defineCall({
  subject: "memory.connections.release",
  request: z.object({ clients: connectionBatchSchema }),
  response: z.object({}),
  timeoutMs: 2_000,
});

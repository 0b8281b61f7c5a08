import { z } from "zod";
import { defineCall } from "./call-contract.js";

/** What clients speak; usage is counted for each. */
export const PROTOCOLS = ["v1", "v2", "openai"] as const;

export type Protocol = (typeof PROTOCOLS)[number];

/** Clients in one batch; a gateway that saw more leaves the rest uncounted and says so. */
export const MAX_CLIENTS_PER_USAGE_BATCH = 2_000;
/** How long usage is kept, and the furthest that a report looks back. */
export const USAGE_DAYS = 90;

const protocolSchema = z.enum(PROTOCOLS);

/** Adds what one gateway saw since its last batch. The same batch counts once, however often it is sent. */
export const memoryUsageRecord = defineCall({
  subject: "memory.usage.record",
  request: z.object({
    batchId: z.string().min(1).max(64),
    /** Epoch milliseconds; decides the day it counts for. */
    at: z.number(),
    usage: z
      .array(
        z.object({
          protocol: protocolSchema,
          requests: z.int().nonnegative(),
          /** Hashes, one a client. */
          clients: z.array(z.string().max(32)).max(MAX_CLIENTS_PER_USAGE_BATCH),
        }),
      )
      .max(PROTOCOLS.length),
  }),
  response: z.object({ status: z.enum(["counted", "duplicate"]) }),
  timeoutMs: 2_000,
});

/** What all gateways saw over the last `days`, today included; days are UTC. Distinct clients are estimates (±1 %). */
export const memoryUsageReport = defineCall({
  subject: "memory.usage.report",
  request: z.object({ days: z.int().min(1).max(USAGE_DAYS), at: z.number() }),
  response: z.object({
    usage: z.array(
      z.object({
        protocol: protocolSchema,
        requests: z.int().nonnegative(),
        clients: z.int().nonnegative(),
        /** Epoch milliseconds of the last request; absent when there was none. */
        lastUsedAt: z.number().optional(),
      }),
    ),
  }),
  timeoutMs: 2_000,
});

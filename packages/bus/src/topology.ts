import { z } from "zod";
import {
  apiKeyRecordSchema,
  BUCKETS,
  PRIORITIES,
  degradationPinSchema,
  STREAMS,
  systemLeaderSchema,
  systemStateSchema,
  turnRequestSchema,
  turnResultSchema,
  type ApiKeyRecord,
  type DegradationPin,
  type Priority,
  type SystemState,
  type TurnRequest,
  type TurnResult,
} from "@ai-orchestra/contracts";
import type { Bus } from "./bus.js";
import type { StreamStorage } from "./jetstream/ensure-stream.js";
import { openKv, type KvBucket } from "./kv/kv-bucket.js";
import { openResultStore, type ResultStore } from "./result-store/result-store.js";
import { openWorkQueue, type WorkQueue } from "./work-queue/work-queue.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const GIB = 1024 ** 3;
const SYSTEM_MAX_BYTES = 1024 ** 2;

/** Must be the same in every process: whoever starts last decides. */
export interface TopologyOptions {
  /** Copies of each stream: 1, or 3 on a cluster. Default 1. */
  readonly replicas?: number;
  /** Default file. */
  readonly storage?: StreamStorage;
}

/** Value of a cancelled turn in the `cancels` bucket. */
const cancelSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
});

export type TurnCancel = z.infer<typeof cancelSchema>;

function resolveTopology(options: TopologyOptions): Required<TopologyOptions> {
  return { replicas: options.replicas ?? 1, storage: options.storage ?? "file" };
}

/** The queue of turns: a lane for each priority, at most 100 000 turns or 1 GiB. */
export function openTurnQueue(bus: Bus, options: TopologyOptions = {}): Promise<WorkQueue<TurnRequest, Priority>> {
  return openWorkQueue(bus, {
    stream: STREAMS.turns,
    subjectPrefix: "turns.queue",
    lanes: PRIORITIES,
    schema: turnRequestSchema,
    ackWaitMs: 5_000,
    maxMessages: 100_000,
    maxBytes: GIB,
    maxAckPending: 20_000,
    ...resolveTopology(options),
  });
}

/** How turns ended: one result each, kept for 24 h, at most 8 GiB. */
export function openTurnResults(bus: Bus, options: TopologyOptions = {}): Promise<ResultStore<TurnResult>> {
  return openResultStore(bus, {
    stream: STREAMS.results,
    subjects: ["turns.results.>"],
    schema: turnResultSchema,
    maxAgeMs: 24 * HOUR_MS,
    maxBytes: 8 * GIB,
    ...resolveTopology(options),
  });
}

/** Turns that were cancelled while queued or between attempts, under `cancelKey`; kept for an hour. */
export function openCancels(bus: Bus, options: TopologyOptions = {}): Promise<KvBucket<TurnCancel>> {
  return openKv(bus, {
    bucket: BUCKETS.cancels,
    schema: cancelSchema,
    maxAgeMs: HOUR_MS,
    ...resolveTopology(options),
  });
}

/** API keys that were made at run time, under their ids. */
export function openApiKeys(bus: Bus, options: TopologyOptions = {}): Promise<KvBucket<ApiKeyRecord>> {
  return openKv(bus, { bucket: BUCKETS.apiKeys, schema: apiKeyRecordSchema, ...resolveTopology(options) });
}

/** Views of the bucket `system`, one for each of `SYSTEM_KEYS`: what the health service decides and what it decides by. */
export interface SystemBucket {
  readonly states: KvBucket<SystemState>;
  readonly pins: KvBucket<DegradationPin>;
  readonly leaders: KvBucket<{ instance: string }>;
}

/** The system's degradation level, the operator's pin and the lease of the health leader. */
export async function openSystem(bus: Bus, options: TopologyOptions = {}): Promise<SystemBucket> {
  const bucket = { bucket: BUCKETS.system, maxBytes: SYSTEM_MAX_BYTES, ...resolveTopology(options) };
  const states = await openKv(bus, { ...bucket, schema: systemStateSchema });
  const pins = await openKv(bus, { ...bucket, schema: degradationPinSchema });
  const leaders = await openKv(bus, { ...bucket, schema: systemLeaderSchema });
  return { states, pins, leaders };
}

import { openKv, type Bus, type KvBucket, type TopologyOptions } from "@ai-orchestra/bus";
import { BUCKETS, FLAG_LIMITS, storedFlagSchema, type StoredFlag } from "@ai-orchestra/contracts";

/** All definitions and segments, under `flagBucketKeys`, with the history of each. */
export function openFlagBucket(bus: Bus, topology: TopologyOptions = {}): Promise<KvBucket<StoredFlag>> {
  return openKv(bus, {
    bucket: BUCKETS.flags,
    schema: storedFlagSchema,
    history: FLAG_LIMITS.history,
    replicas: topology.replicas ?? 1,
    storage: topology.storage ?? "file",
  });
}

import { flagBucketKeys, OrchestraError } from "@ai-orchestra/contracts";
import { DEFAULT_FLAGS } from "@ai-orchestra/flags-engine";
import type { FlagStore } from "./flag-store.js";

/** Writes the product's flags where there are none; what somebody changed or deleted stays as it is. */
export async function seedFlags(store: FlagStore, now: () => number): Promise<void> {
  for (const flag of DEFAULT_FLAGS) {
    const bucketKey = flagBucketKeys.flag(flag.key);
    if ((await store.read(bucketKey)).revision > 0) continue;
    try {
      await store.write(bucketKey, { kind: "flag", flag, change: { action: "create", by: "flags", at: now() } }, 0);
    } catch (error) {
      // Another replica was first.
      if (!(error instanceof OrchestraError) || error.code !== "conflict") throw error;
    }
  }
}

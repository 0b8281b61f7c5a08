import { flagBucketKeys, OrchestraError, type FlagChange, type FlagDefinition } from "@ai-orchestra/contracts";
import { countJsonBytes, type FlagStore } from "./flag-store.js";

export interface HistoryEntry {
  readonly revision: number;
  readonly change: FlagChange;
  readonly before: FlagDefinition | null;
  readonly after: FlagDefinition | null;
}

/**
 * Who changed a flag when, from what to what, newest first; as many as fit `maxBytes` of JSON.
 *
 * @throws OrchestraError `not_found` for one that never was
 */
export async function readHistory(store: FlagStore, key: string, maxBytes: number): Promise<HistoryEntry[]> {
  const kept = await store.history(flagBucketKeys.flag(key));
  const entries = kept.flatMap(({ value, revision }) =>
    value.kind === "flag" ? [{ revision, change: value.change, after: value.flag }] : [],
  );
  if (entries.length === 0) throw new OrchestraError("not_found", `there is no flag ${key}`);
  const newestFirst = entries
    .map((entry, index) => ({ ...entry, before: entries[index - 1]?.after ?? null }))
    .toReversed();
  let bytes = 0;
  return newestFirst.filter((entry) => (bytes += countJsonBytes(entry)) <= maxBytes);
}

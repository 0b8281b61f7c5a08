import { flagBucketKeys, OrchestraError, type FlagChange, type FlagDefinition } from "@ai-orchestra/contracts";
import type { FlagStore } from "./flag-store.js";

export interface HistoryEntry {
  readonly revision: number;
  readonly change: FlagChange;
  readonly before: FlagDefinition | null;
  readonly after: FlagDefinition | null;
}

/** Who changed a flag when, from what to what, newest first. @throws OrchestraError `not_found` for one that never was */
export async function readHistory(store: FlagStore, key: string): Promise<HistoryEntry[]> {
  const kept = await store.history(flagBucketKeys.flag(key));
  const entries = kept.flatMap(({ value, revision }) =>
    value.kind === "flag" ? [{ revision, change: value.change, after: value.flag }] : [],
  );
  if (entries.length === 0) throw new OrchestraError("not_found", `there is no flag ${key}`);
  return entries.map((entry, index) => ({ ...entry, before: entries[index - 1]?.after ?? null })).toReversed();
}

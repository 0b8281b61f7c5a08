import {
  flagBucketKeys,
  OrchestraError,
  type FlagChange,
  type FlagDefinition,
  type FlagRecord,
} from "@ai-orchestra/contracts";
import { findFlagProblems } from "@ai-orchestra/flags-engine";
import { findDependentProblems, findSizeProblems, overlayFlags } from "./check-world.js";
import { countJsonBytes, revisionConflict, type CurrentValue, type FlagStore } from "./flag-store.js";
import { parseDefinition, refuse } from "./parse-definition.js";

export interface FlagEditorOptions {
  readonly store: FlagStore;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

interface Write {
  readonly key: string;
  readonly by: string;
  readonly expectedRevision?: number | undefined;
}

/**
 * Changes flags. Every change is checked against all other flags, written over exactly the revision that was read, and
 * stored together with who made it. Without an expected revision the newest one is taken, so that of two writers at
 * the same moment one still gets `conflict`.
 */
export class FlagEditor {
  readonly #store: FlagStore;
  readonly #now: () => number;

  constructor({ store, now }: FlagEditorOptions) {
    this.#store = store;
    this.#now = now;
  }

  async get(key: string): Promise<FlagRecord> {
    return toRecord(await this.#store.read(flagBucketKeys.flag(key))) ?? failNotFound(key);
  }

  /** Creates or replaces. @throws OrchestraError `invalid_request` with the paths of what is wrong, or `conflict` */
  async put(request: Write & { readonly flag?: unknown }): Promise<FlagRecord & { created: boolean }> {
    const parsed = parseDefinition(request.flag, request.key);
    if ("problems" in parsed) throw refuse("the flag", parsed.problems);
    const current = await this.#readExpected(request);
    const created = toRecord(current) === undefined;
    const record = await this.#write(parsed.value, current, { action: created ? "create" : "update", by: request.by });
    return { ...record, created };
  }

  /** Replaces single fields. */
  async patch(request: Write & { readonly changes: Readonly<Record<string, unknown>> }): Promise<FlagRecord> {
    const current = await this.#readExpected(request);
    const { flag } = toRecord(current) ?? failNotFound(request.key);
    const merged = Object.entries({ ...flag, ...request.changes }).filter(([, value]) => value !== null);
    const parsed = parseDefinition(Object.fromEntries(merged), request.key);
    if ("problems" in parsed) throw refuse("the flag", parsed.problems);
    return this.#write(parsed.value, current, { action: "update", by: request.by });
  }

  /** False when there is none. @throws OrchestraError `conflict` while it is another flag's prerequisite */
  async delete(request: Write): Promise<boolean> {
    const { key, by } = request;
    const current = await this.#readExpected(request);
    if (toRecord(current) === undefined) return false;
    const problems = findDependentProblems(this.#store, key, overlayFlags(this.#store, new Map([[key, null]])));
    if (problems.length > 0) {
      throw new OrchestraError("conflict", `the flag ${key} is needed by others`, { details: problems });
    }
    const change: FlagChange = { action: "delete", by, at: this.#now() };
    await this.#store.write(flagBucketKeys.flag(key), { kind: "flag", flag: null, change }, current.revision);
    return true;
  }

  /** Makes an earlier definition the newest; it has to fit the flags of today. */
  async rollback(request: Write & { readonly revision: number }): Promise<FlagRecord> {
    const { key, by, revision } = request;
    const entries = await this.#store.history(flagBucketKeys.flag(key));
    const stored = entries.find((entry) => entry.revision === revision)?.value;
    if (stored?.kind !== "flag" || stored.flag === null) {
      throw new OrchestraError("not_found", `the flag ${key} has no definition at revision ${revision}`);
    }
    const current = await this.#readExpected(request);
    return this.#write(stored.flag, current, { action: "rollback", by, restored: revision });
  }

  async #readExpected({ key, expectedRevision }: Write): Promise<CurrentValue> {
    const current = await this.#store.read(flagBucketKeys.flag(key));
    const actual = toRecord(current)?.revision ?? 0;
    if (expectedRevision !== undefined && expectedRevision !== actual) {
      throw revisionConflict(`the flag ${key}`, expectedRevision, actual);
    }
    return current;
  }

  async #write(flag: FlagDefinition, current: CurrentValue, about: Omit<FlagChange, "at">): Promise<FlagRecord> {
    const { key } = flag;
    const world = overlayFlags(this.#store, new Map([[key, flag]]));
    const before = toRecord(current)?.flag;
    const problems = [
      ...findFlagProblems(flag, world),
      ...findDependentProblems(this.#store, key, world),
      ...findSizeProblems(this.#store, {
        flags: before === undefined ? 1 : 0,
        segments: 0,
        bytes: countJsonBytes(flag) - (before === undefined ? 0 : countJsonBytes(before)),
      }),
    ];
    if (problems.length > 0) throw refuse("the flag", problems);
    const change: FlagChange = { ...about, at: this.#now() };
    const bucketKey = flagBucketKeys.flag(key);
    const revision = await this.#store.write(bucketKey, { kind: "flag", flag, change }, current.revision);
    return { flag, revision, change };
  }
}

/** The flag of a value; undefined where there is none or it was deleted. */
function toRecord({ stored, revision }: CurrentValue): FlagRecord | undefined {
  return stored?.kind === "flag" && stored.flag !== null
    ? { flag: stored.flag, revision, change: stored.change }
    : undefined;
}

function failNotFound(key: string): never {
  throw new OrchestraError("not_found", `there is no flag ${key}`);
}

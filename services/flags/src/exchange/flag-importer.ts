import { isDeepStrictEqual } from "node:util";
import {
  flagBucketKeys,
  type ErrorDetail,
  type FlagChange,
  type FlagDefinition,
  type FlagFormat,
  type FlagSegment,
  type StoredFlag,
} from "@ai-orchestra/contracts";
import { findFlagProblems, findSegmentProblems } from "@ai-orchestra/flags-engine";
import type { Logger } from "@ai-orchestra/telemetry";
import { findDependentProblems, findSizeProblems, overlayFlags } from "../definitions/check-world.js";
import { countJsonBytes, type CurrentValue, type FlagStore } from "../definitions/flag-store.js";
import { refuse } from "../definitions/parse-definition.js";
import { below, readFlagDocument, type ReadDocument } from "./flag-document.js";
import { readUnleashDocument } from "./unleash-import.js";

export interface FlagImporterOptions {
  readonly store: FlagStore;
  readonly logger: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface ImportOutcome {
  readonly created: string[];
  readonly updated: string[];
  readonly unchanged: string[];
  readonly ignored: ErrorDetail[];
}

interface PlannedWrite {
  readonly bucketKey: string;
  readonly stored: StoredFlag;
  readonly current: CurrentValue;
}

/** Imports documents: all of one, or nothing. Flags that the document does not have stay as they are. */
export class FlagImporter {
  readonly #o: FlagImporterOptions;

  constructor(o: FlagImporterOptions) {
    this.#o = o;
  }

  /** @throws OrchestraError `invalid_request` with all that is wrong, or `conflict` when somebody else was at it */
  async import(request: {
    readonly format: FlagFormat;
    readonly document?: unknown;
    readonly dryRun: boolean;
    readonly by: string;
  }): Promise<ImportOutcome> {
    const { store, now } = this.#o;
    const read = request.format === "json" ? readFlagDocument(request.document) : readUnleashDocument(request.document);
    const problems = [...read.problems, ...this.#findProblems(read)];
    if (problems.length > 0) throw refuse("the document", problems);

    const outcome: ImportOutcome = { created: [], updated: [], unchanged: [], ignored: [...read.ignored] };
    const writes: PlannedWrite[] = [];
    const change: FlagChange = { action: "import", by: request.by, at: now() };
    const plan = async (name: string, bucketKey: string, stored: StoredFlag): Promise<void> => {
      const current = await store.read(bucketKey);
      const before = contentOf(current.stored);
      if (isDeepStrictEqual(before, contentOf(stored))) {
        outcome.unchanged.push(name);
        return;
      }
      (before === undefined ? outcome.created : outcome.updated).push(name);
      writes.push({ bucketKey, stored, current });
    };
    for (const segment of read.segments) {
      await plan(segment.name, flagBucketKeys.segment(segment.name), { kind: "segment", segment, change });
    }
    for (const flag of sortByPrerequisites(read.flags)) {
      await plan(flag.key, flagBucketKeys.flag(flag.key), { kind: "flag", flag, change });
    }
    if (!request.dryRun) await this.#writeAll(writes);
    return outcome;
  }

  #findProblems({ flags, segments, paths }: ReadDocument): ErrorDetail[] {
    const { store } = this.#o;
    const world = overlayFlags(
      store,
      new Map(flags.map((flag) => [flag.key, flag])),
      new Set(segments.map(({ name }) => name)),
    );
    return [
      ...segments.flatMap((segment) =>
        findSegmentProblems(segment).map((problem) => below(`segments.${segment.name}`, problem)),
      ),
      ...flags.flatMap((flag) =>
        [...findFlagProblems(flag, world), ...findDependentProblems(store, flag.key, world)].map((problem) =>
          below(paths.get(flag.key) ?? flag.key, problem),
        ),
      ),
      ...findSizeProblems(store, {
        flags: flags.filter(({ key }) => store.findFlag(key) === undefined).length,
        segments: segments.filter(({ name }) => !store.hasSegment(name)).length,
        bytes: countJsonBytes([flags, segments]),
      }),
    ];
  }

  /** Puts back what was written when a write fails, so that the flags are as before. */
  async #writeAll(writes: readonly PlannedWrite[]): Promise<void> {
    const { store, logger } = this.#o;
    const done: { write: PlannedWrite; revision: number }[] = [];
    try {
      for (const write of writes) {
        done.push({ write, revision: await store.write(write.bucketKey, write.stored, write.current.revision) });
      }
    } catch (error) {
      for (const { write, revision } of done.toReversed()) {
        try {
          await store.write(write.bucketKey, write.current.stored ?? toDeleted(write.stored), revision);
        } catch (undoError) {
          logger.error({ err: undoError, key: write.bucketKey }, "half of a failed import could not be put back");
        }
      }
      throw error;
    }
  }
}

/** What a value says, whoever wrote it; undefined where it was deleted. */
function contentOf(stored: StoredFlag | undefined): FlagDefinition | FlagSegment | undefined {
  if (stored === undefined) return undefined;
  return (stored.kind === "flag" ? stored.flag : stored.segment) ?? undefined;
}

function toDeleted({ kind, change }: StoredFlag): StoredFlag {
  const deleted: FlagChange = { ...change, action: "delete" };
  return kind === "flag" ? { kind, flag: null, change: deleted } : { kind, segment: null, change: deleted };
}

/** A flag comes after those it needs, so that nobody evaluates it before they are there. */
function sortByPrerequisites(flags: readonly FlagDefinition[]): FlagDefinition[] {
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  const sorted = new Set<FlagDefinition>();
  const visit = (flag: FlagDefinition): void => {
    for (const { flag: key } of flag.prerequisites) {
      const needed = byKey.get(key);
      if (needed !== undefined && !sorted.has(needed)) visit(needed);
    }
    sorted.add(flag);
  };
  for (const flag of flags) if (!sorted.has(flag)) visit(flag);
  return [...sorted];
}

import type { KvBucket, KvChange, KvWatch } from "@ai-orchestra/bus";
import {
  flagBucketKeys,
  OrchestraError,
  type FlagChange,
  type FlagDefinition,
  type FlagRecord,
  type FlagSegment,
  type SegmentRecord,
  type StoredFlag,
} from "@ai-orchestra/contracts";
import { applyStored, FlagSet, type FlagWorld } from "@ai-orchestra/flags-engine";
import type { Logger } from "@ai-orchestra/telemetry";

export interface FlagStoreOptions {
  readonly bucket: KvBucket<StoredFlag>;
  readonly logger: Logger;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What a key of the bucket has now; revision 0: it never had anything. */
export interface CurrentValue {
  readonly stored: StoredFlag | undefined;
  readonly revision: number;
}

/** Every definition and segment, as the bucket has them; all replicas see each other's changes through it. */
export class FlagStore implements FlagWorld {
  readonly name = "flag-store";
  /** For evaluating here. */
  readonly flagSet: FlagSet;
  readonly #options: FlagStoreOptions;
  readonly #values = new Map<string, { readonly stored: StoredFlag; readonly revision: number }>();
  #watch: KvWatch<StoredFlag> | undefined;

  constructor(options: FlagStoreOptions) {
    this.#options = options;
    this.flagSet = new FlagSet(options);
  }

  /** Resolves when every definition is known. */
  async start(): Promise<void> {
    this.#watch ??= this.#options.bucket.watch((change) => this.#apply(change));
    await this.#watch.ready;
  }

  stop(): void {
    this.#watch?.stop();
    this.#watch = undefined;
  }

  listFlags(): FlagRecord[] {
    return this.#sorted().flatMap(({ stored, revision }) =>
      stored.kind === "flag" && stored.flag !== null ? [{ flag: stored.flag, revision, change: stored.change }] : [],
    );
  }

  listSegments(): SegmentRecord[] {
    return this.#sorted().flatMap(({ stored, revision }) =>
      stored.kind === "segment" && stored.segment !== null
        ? [{ segment: stored.segment, revision, change: stored.change }]
        : [],
    );
  }

  findFlag(key: string): FlagDefinition | undefined {
    const stored = this.#values.get(flagBucketKeys.flag(key))?.stored;
    return stored?.kind === "flag" ? (stored.flag ?? undefined) : undefined;
  }

  findSegment(name: string): FlagSegment | undefined {
    const stored = this.#values.get(flagBucketKeys.segment(name))?.stored;
    return stored?.kind === "segment" ? (stored.segment ?? undefined) : undefined;
  }

  hasSegment(name: string): boolean {
    return this.findSegment(name) !== undefined;
  }

  /** What the bucket itself has, not what this replica has heard. */
  async read(bucketKey: string): Promise<CurrentValue> {
    const entry = await this.#options.bucket.get(bucketKey);
    return { stored: entry?.value, revision: entry?.revision ?? 0 };
  }

  /** The values of a key that are kept, oldest first. */
  history(bucketKey: string): Promise<{ readonly value: StoredFlag; readonly revision: number }[]> {
    return this.#options.bucket.history(bucketKey);
  }

  /** Writes over exactly that revision, 0 for none; else `conflict`. Resolves with the new revision. */
  async write(bucketKey: string, stored: StoredFlag, overRevision: number): Promise<number> {
    const { bucket, logger } = this.#options;
    const revision =
      overRevision === 0
        ? await bucket.create(bucketKey, stored)
        : await bucket.update(bucketKey, stored, overRevision);
    this.#remember(bucketKey, stored, revision);
    const { action, by }: FlagChange = stored.change;
    logger.info({ key: bucketKey, action, by, revision }, "a flag or segment changed");
    return revision;
  }

  /** UTF-8 bytes of all definitions and segments as JSON. */
  countBytes(): number {
    let bytes = 0;
    for (const { stored } of this.#values.values()) bytes += countJsonBytes(stored);
    return bytes;
  }

  #apply(change: KvChange<StoredFlag>): void {
    if (change.operation === "put") this.#remember(change.key, change.value, change.revision);
  }

  #remember(bucketKey: string, stored: StoredFlag, revision: number): void {
    const known = this.#values.get(bucketKey);
    if (known !== undefined && known.revision >= revision) return;
    this.#values.set(bucketKey, { stored, revision });
    applyStored(this.flagSet, bucketKey, stored, revision);
  }

  #sorted() {
    return [...this.#values].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
  }
}

export function countJsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** `conflict`, saying what the caller expected and what there is. */
export function revisionConflict(what: string, expected: number, actual: number): OrchestraError {
  const found = actual === 0 ? "there is none" : `it is at revision ${actual}`;
  const wanted = expected === 0 ? "there was to be none" : `revision ${expected} was expected`;
  return new OrchestraError("conflict", `${what} was changed by somebody else: ${wanted}, but ${found}`);
}

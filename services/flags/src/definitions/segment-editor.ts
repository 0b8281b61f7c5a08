import { flagBucketKeys, OrchestraError, type FlagChange, type SegmentRecord } from "@ai-orchestra/contracts";
import { findSegmentProblems } from "@ai-orchestra/flags-engine";
import { findSizeProblems } from "./check-world.js";
import { countJsonBytes, revisionConflict, type CurrentValue, type FlagStore } from "./flag-store.js";
import { parseSegment, refuse } from "./parse-definition.js";

interface Write {
  readonly name: string;
  readonly by: string;
  readonly expectedRevision?: number | undefined;
}

/** Changes segments, with the same care as flags. */
export class SegmentEditor {
  readonly #store: FlagStore;
  readonly #now: () => number;

  constructor({ store, now }: { readonly store: FlagStore; readonly now: () => number }) {
    this.#store = store;
    this.#now = now;
  }

  async put(request: Write & { readonly segment?: unknown }): Promise<SegmentRecord & { created: boolean }> {
    const parsed = parseSegment(request.segment, request.name);
    if ("problems" in parsed) throw refuse("the segment", parsed.problems);
    const segment = parsed.value;
    const { current, exists } = await this.#readExpected(request);
    const problems = [
      ...findSegmentProblems(segment),
      ...findSizeProblems(this.#store, {
        flags: 0,
        segments: exists ? 0 : 1,
        bytes: countJsonBytes(segment) - (exists ? countJsonBytes(current.stored) : 0),
      }),
    ];
    if (problems.length > 0) throw refuse("the segment", problems);
    const change: FlagChange = { action: exists ? "update" : "create", by: request.by, at: this.#now() };
    const bucketKey = flagBucketKeys.segment(request.name);
    const revision = await this.#store.write(bucketKey, { kind: "segment", segment, change }, current.revision);
    return { segment, revision, change, created: !exists };
  }

  /** False when there is none. @throws OrchestraError `conflict` while flags refer to it */
  async delete(request: Write): Promise<boolean> {
    const { current, exists } = await this.#readExpected(request);
    if (!exists) return false;
    const users = this.#store
      .listFlags()
      .filter(({ flag }) => [flag, ...flag.schedule.map(({ set }) => set)].some(refersTo(request.name)));
    if (users.length > 0) {
      const names = users.map(({ flag }) => flag.key).join(", ");
      throw new OrchestraError("conflict", `the segment ${request.name} is used by ${names}`);
    }
    const change: FlagChange = { action: "delete", by: request.by, at: this.#now() };
    const bucketKey = flagBucketKeys.segment(request.name);
    await this.#store.write(bucketKey, { kind: "segment", segment: null, change }, current.revision);
    return true;
  }

  async #readExpected({ name, expectedRevision }: Write): Promise<{ current: CurrentValue; exists: boolean }> {
    const current = await this.#store.read(flagBucketKeys.segment(name));
    const exists = current.stored?.kind === "segment" && current.stored.segment !== null;
    const actual = exists ? current.revision : 0;
    if (expectedRevision !== undefined && expectedRevision !== actual) {
      throw revisionConflict(`the segment ${name}`, expectedRevision, actual);
    }
    return { current, exists };
  }
}

function refersTo(name: string): (part: { readonly segments?: readonly string[] | undefined }) => boolean {
  return ({ segments }) => segments?.includes(name) ?? false;
}

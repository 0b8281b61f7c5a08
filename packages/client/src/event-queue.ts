import { OrchestraClientError } from "./client-error.js";
import { createDeferred, type Deferred } from "./deferred.js";
import type { TurnFrame } from "./turn-state.js";

/** Frames one reader of `turn.events` may be behind; text that follows text is merged and does not count. */
const MAX_QUEUED_FRAMES = 4096;

/**
 * The frames of a turn for one reader, in order. While the reader is behind, neighbouring deltas of the same attempt
 * and agent are merged, as the protocol allows anyone on the way to do. A reader that still falls too far behind gets
 * `slow_reader`.
 */
export class EventQueue implements AsyncIterableIterator<TurnFrame> {
  readonly #onReturn: (queue: EventQueue) => void;
  #frames: TurnFrame[] = [];
  #end: { error?: Error } | undefined;
  #wanted: Deferred<void> | undefined;

  constructor(onReturn: (queue: EventQueue) => void) {
    this.#onReturn = onReturn;
  }

  push(frame: TurnFrame): void {
    if (this.#end !== undefined) return;
    const last = this.#frames.at(-1);
    const merged = last === undefined ? undefined : mergeDeltas(last, frame);
    if (merged !== undefined) this.#frames[this.#frames.length - 1] = merged;
    else if (this.#frames.length < MAX_QUEUED_FRAMES) this.#frames.push(frame);
    else this.end(new OrchestraClientError("slow_reader", "the reader of turn.events fell too far behind"));
    this.#wanted?.resolve();
  }

  /** After what is queued the iteration ends, with `error` if there is one. */
  end(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wanted?.resolve();
  }

  async next(): Promise<IteratorResult<TurnFrame>> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return { done: false, value: frame };
      if (this.#end?.error !== undefined) {
        const { error } = this.#end;
        this.#end = {};
        throw error;
      }
      if (this.#end !== undefined) return { done: true, value: undefined };
      this.#wanted = createDeferred();
      await this.#wanted.promise;
    }
  }

  async return(): Promise<IteratorResult<TurnFrame>> {
    this.#frames = [];
    this.end();
    this.#onReturn(this);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function mergeDeltas(last: TurnFrame, next: TurnFrame): TurnFrame | undefined {
  if (last.type !== "turn.delta" || next.type !== "turn.delta") return undefined;
  if (last.attempt !== next.attempt || last.to !== next.from || last.agent !== next.agent) return undefined;
  return { ...last, to: next.to, text: last.text + next.text };
}

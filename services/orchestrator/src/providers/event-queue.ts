export interface EventQueueHooks {
  /** The reader took everything: whoever was paused may send again. */
  onDrained(): void;
  /** The reader left before the end. */
  onAbandoned(): void;
}

type QueueState = { kind: "open" } | { kind: "ended" } | { kind: "failed"; error: Error };

interface WaitingReader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

const DONE = { value: undefined, done: true } as const;

/**
 * Hands events from callbacks to one `for await`. What was pushed before `end` or `fail` is still delivered, unless
 * `fail` is told to discard it. The queue itself has no bound: the pusher looks at `size` and stops its source.
 */
export class EventQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #hooks: EventQueueHooks;
  #items: T[] = [];
  #head = 0;
  #state: QueueState = { kind: "open" };
  #waiting: WaitingReader<T> | undefined;

  constructor(hooks: EventQueueHooks) {
    this.#hooks = hooks;
  }

  /** Events that wait for the reader. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    if (this.#state.kind !== "open") return;
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#items.push(item);
      return;
    }
    this.#waiting = undefined;
    waiting.resolve({ value: item, done: false });
  }

  end(): void {
    if (this.#state.kind !== "open") return;
    this.#state = { kind: "ended" };
    this.#waiting?.resolve(DONE);
    this.#waiting = undefined;
  }

  /** Ends the queue with an error; `discard` drops what the reader has not taken yet. */
  fail(error: Error, { discard = false } = {}): void {
    if (discard) this.#clear();
    if (this.#state.kind !== "open") return;
    this.#state = { kind: "failed", error };
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.#items[this.#head];
    if (item !== undefined) {
      this.#head += 1;
      if (this.#head === this.#items.length) {
        this.#clear();
        if (this.#state.kind === "open") this.#hooks.onDrained();
      }
      return Promise.resolve({ value: item, done: false });
    }
    const state = this.#state;
    if (state.kind === "ended") return Promise.resolve(DONE);
    if (state.kind === "failed") return Promise.reject(state.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#clear();
    if (this.#state.kind === "open") {
      this.end();
      this.#hooks.onAbandoned();
    }
    return Promise.resolve(DONE);
  }

  #clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}

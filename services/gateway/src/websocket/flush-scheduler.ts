/** Something with frames to write. */
export interface Flushable {
  flush(): void;
}

/**
 * Flushes, once what is happening now is over, everything that asked for it: the frames that one read from the bus
 * brings leave in one write per connection.
 */
export class FlushScheduler {
  #waiting: Flushable[] = [];

  schedule(flushable: Flushable): void {
    if (this.#waiting.push(flushable) === 1) queueMicrotask(this.#flushAll);
  }

  readonly #flushAll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const flushable of waiting) flushable.flush();
  };
}

const WINDOW_MS = 60_000;

/** Counts a connection's refused frames over the last minute. Keeps as many times as the limit. */
export class RefusalMeter {
  readonly #limit: number;
  readonly #monotonicMs: () => number;
  readonly #times: number[] = [];

  constructor({ limit, monotonicMs }: { limit: number; monotonicMs: () => number }) {
    this.#limit = limit;
    this.#monotonicMs = monotonicMs;
  }

  /** Counts one more; true when that makes `limit` within a minute. */
  count(): boolean {
    const now = this.#monotonicMs();
    this.#times.push(now);
    while (this.#times[0] !== undefined && now - this.#times[0] >= WINDOW_MS) this.#times.shift();
    return this.#times.length >= this.#limit;
  }
}

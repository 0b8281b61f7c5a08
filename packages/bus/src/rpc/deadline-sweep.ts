/** Something that ends by itself when nobody ended it before. */
export interface Expiring {
  /** On the clock of `performance.now()`. */
  readonly expiresAtMs: number;
  expire(): void;
}

/** Two sweeps are at least this far apart, so that a deadline may be noticed this much late. */
const MIN_SWEEP_INTERVAL_MS = 4;

/**
 * One timer for many deadlines. Nearly everything that has a deadline ends before it, so adding and removing costs a
 * set operation, and only the earliest deadline costs a timer.
 */
export class DeadlineSweep {
  readonly #entries = new Set<Expiring>();
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#entries.size;
  }

  add(entry: Expiring): void {
    this.#entries.add(entry);
    if (entry.expiresAtMs < this.#wakesAtMs) this.#wakeAt(entry.expiresAtMs);
  }

  delete(entry: Expiring): void {
    this.#entries.delete(entry);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#entries.clear();
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = atMs;
    const delayMs = Math.max(MIN_SWEEP_INTERVAL_MS, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#sweep(), delayMs);
    this.#timer.unref();
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const entry of this.#entries) {
      if (entry.expiresAtMs <= nowMs) {
        this.#entries.delete(entry);
        entry.expire();
      } else if (entry.expiresAtMs < earliestMs) {
        earliestMs = entry.expiresAtMs;
      }
    }
    if (earliestMs < this.#wakesAtMs) this.#wakeAt(earliestMs);
  }
}

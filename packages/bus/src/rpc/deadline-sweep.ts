/** Something that ends by itself when nobody ended it before. */
export interface Expiring {
  /** On the clock of `performance.now()`. */
  readonly expiresAtMs: number;
  expire(): void;
}

/** Two sweeps are at least this far apart, so that a deadline may be noticed this much late. */
const MIN_SWEEP_INTERVAL_MS = 4;

/**
 * One timer for many deadlines. Nearly everything that has a deadline ends before it, so a deadline costs a comparison,
 * and only the earliest one a timer. The owner keeps the entries; one that it has removed does not expire.
 */
export class DeadlineSweep {
  readonly #entries: () => Iterable<Expiring>;
  #timer: NodeJS.Timeout | undefined;
  #wakesAtMs = Number.POSITIVE_INFINITY;

  /** @param entries everything that is waiting now; asked for at each sweep */
  constructor(entries: () => Iterable<Expiring>) {
    this.#entries = entries;
  }

  /** To be called for every new entry. */
  expect(expiresAtMs: number): void {
    if (expiresAtMs >= this.#wakesAtMs) return;
    clearTimeout(this.#timer);
    this.#wakesAtMs = expiresAtMs;
    const delayMs = Math.max(MIN_SWEEP_INTERVAL_MS, Math.ceil(expiresAtMs - performance.now()));
    this.#timer = setTimeout(() => this.#sweep(), delayMs);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    let earliestMs = Number.POSITIVE_INFINITY;
    const due: Expiring[] = [];
    for (const entry of this.#entries()) {
      if (entry.expiresAtMs <= nowMs) due.push(entry);
      else if (entry.expiresAtMs < earliestMs) earliestMs = entry.expiresAtMs;
    }
    for (const entry of due) entry.expire();
    if (earliestMs !== Number.POSITIVE_INFINITY) this.expect(earliestMs);
  }
}

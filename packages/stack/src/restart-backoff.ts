export interface RestartBackoffOptions {
  initialDelayMs?: number;
  maxDelayMs?: number;
  /** A process that was ready for this long has recovered: the next delay is the initial one again. */
  healthyAfterMs?: number;
}

/** Exponential delays between the restarts of one process: 100 ms, doubled each time up to 10 s. */
export class RestartBackoff {
  readonly #initialDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #healthyAfterMs: number;
  #nextDelayMs: number;

  constructor(o: RestartBackoffOptions = {}) {
    this.#initialDelayMs = o.initialDelayMs ?? 100;
    this.#maxDelayMs = o.maxDelayMs ?? 10_000;
    this.#healthyAfterMs = o.healthyAfterMs ?? 10_000;
    this.#nextDelayMs = this.#initialDelayMs;
  }

  /** The wait before the next start of a process that had been ready for `readyForMs` (0: never ready). */
  nextDelayMs(readyForMs: number): number {
    if (readyForMs >= this.#healthyAfterMs) this.#nextDelayMs = this.#initialDelayMs;
    const delayMs = this.#nextDelayMs;
    this.#nextDelayMs = Math.min(this.#nextDelayMs * 2, this.#maxDelayMs);
    return delayMs;
  }
}

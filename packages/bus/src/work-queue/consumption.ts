import type { PullConsumption } from "../jetstream/pull-consumption.js";

/** Work in progress on a queue. */
export class Consumption {
  readonly #pulls: PullConsumption;

  constructor(pulls: PullConsumption) {
    this.#pulls = pulls;
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#pulls.running;
  }

  /** Takes no more jobs; resolves when the running handlers have ended, or after `timeoutMs`. Idempotent. */
  stop(options: { timeoutMs?: number } = {}): Promise<void> {
    return this.#pulls.stop(options.timeoutMs ?? Number.POSITIVE_INFINITY);
  }
}

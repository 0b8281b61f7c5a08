const CHECK_INTERVAL_MS = 1_000;
/** The server sends a heartbeat every second to whoever waits. */
const SILENCE_MS = 3_000;

/**
 * Notices that a server which promised heartbeats has gone silent. A process that was itself stopped for a while hears
 * what has piled up first, before it may conclude anything.
 */
export class SilenceWatch {
  readonly #onSilence: () => void;
  readonly #isWaiting: () => boolean;
  readonly #timer: NodeJS.Timeout;
  #heardAtMs = performance.now();
  #checkedAtMs = performance.now();

  constructor({ isWaiting, onSilence }: { isWaiting: () => boolean; onSilence: () => void }) {
    this.#isWaiting = isWaiting;
    this.#onSilence = onSilence;
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Something came, or the wait begins now. */
  hear(): void {
    this.#heardAtMs = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const nowMs = performance.now();
    const wasStopped = nowMs - this.#checkedAtMs > 2 * CHECK_INTERVAL_MS;
    this.#checkedAtMs = nowMs;
    if (wasStopped || !this.#isWaiting()) this.#heardAtMs = nowMs;
    else if (nowMs - this.#heardAtMs > SILENCE_MS) {
      this.#heardAtMs = nowMs;
      this.#onSilence();
    }
  }
}

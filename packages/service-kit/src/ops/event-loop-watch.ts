import type { Clock, Timer } from "../clock.js";

const TICK_MS = 500;

export interface EventLoopWatchOptions {
  clock: Clock;
  /** A stall this long counts as stuck. */
  stuckAfterMs: number;
  /** For how long after such a stall the loop still counts as stuck, so that a probe can see it at all. */
  rememberForMs: number;
}

/** Notices when the event loop did not turn for too long. A loop that is stuck right now answers no probe anyway. */
export class EventLoopWatch {
  readonly #options: EventLoopWatchOptions;
  #timer: Timer | undefined;
  #lastTickMs: number;
  #stuckUntilMs = Number.NEGATIVE_INFINITY;

  constructor(options: EventLoopWatchOptions) {
    this.#options = options;
    this.#lastTickMs = options.clock.monotonicMs();
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#lastTickMs = this.#options.clock.monotonicMs();
    this.#timer = this.#options.clock.setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  stop(): void {
    this.#options.clock.clearInterval(this.#timer);
    this.#timer = undefined;
  }

  get isStuck(): boolean {
    this.#look();
    return this.#options.clock.monotonicMs() < this.#stuckUntilMs;
  }

  #tick(): void {
    this.#look();
    this.#lastTickMs = this.#options.clock.monotonicMs();
  }

  #look(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const stalledMs = nowMs - this.#lastTickMs - TICK_MS;
    if (stalledMs > this.#options.stuckAfterMs) this.#stuckUntilMs = nowMs + this.#options.rememberForMs;
  }
}

import { OrchestraError } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { ModelTimeouts } from "../models/resolved-model.js";
import { toAbortError } from "../providers/abort-error.js";

export interface CompletionWatchOptions {
  clock: Clock;
  timeouts: ModelTimeouts;
  /** Epoch milliseconds at which the turn ends. */
  deadlineAt: number;
  /** The turn's own signal. */
  signal: AbortSignal;
}

/** How finely an idle gap is measured: in quarters of its limit. */
const IDLE_CHECKS = 4;

/**
 * Times one try at one model and aborts `signal` when it takes too long. It sets one timer and looks at what happened
 * when that fires, instead of a timer per token: an idle gap is noticed at most a quarter of its limit late.
 */
export class CompletionWatch {
  /** Aborts with an `OrchestraError`: `timeout`, or what the turn's own signal says. */
  readonly signal: AbortSignal;
  /** Kept by the reader: whether it waits for the upstream. Only such time counts as idle. */
  isWaiting = true;
  /** Kept by the reader: events so far. */
  events = 0;
  readonly #options: CompletionWatchOptions;
  readonly #controller = new AbortController();
  readonly #onTurnAbort = (): void => this.#controller.abort(toAbortError(this.#options.signal));
  readonly #turnEndsAtMs: number;
  readonly #modelEndsAtMs: number;
  #firstTokenDueMs: number | undefined;
  #idleSinceMs = 0;
  #eventsSeen = 0;
  #timer: Timer | undefined;

  constructor(options: CompletionWatchOptions) {
    const { clock, timeouts, deadlineAt, signal } = options;
    this.#options = options;
    this.signal = this.#controller.signal;
    const nowMs = clock.monotonicMs();
    this.#turnEndsAtMs = nowMs + deadlineAt - clock.now();
    this.#modelEndsAtMs = nowMs + (timeouts.totalMs ?? Number.POSITIVE_INFINITY);
    this.#firstTokenDueMs = nowMs + timeouts.firstTokenMs;
    if (signal.aborted) this.#onTurnAbort();
    else signal.addEventListener("abort", this.#onTurnAbort, { once: true });
    this.#check();
  }

  /** Whether the turn, not the model, has run out of time or been stopped. */
  get isTurnOver(): boolean {
    const { clock, signal } = this.#options;
    return signal.aborted || clock.monotonicMs() >= this.#turnEndsAtMs;
  }

  /** The first event is there: from now on gaps count. */
  begin(): void {
    this.#firstTokenDueMs = undefined;
    this.#idleSinceMs = this.#options.clock.monotonicMs();
    this.#check();
  }

  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#options.signal.removeEventListener("abort", this.#onTurnAbort);
  }

  #check(): void {
    const { clock, timeouts } = this.#options;
    clock.clearTimeout(this.#timer);
    if (this.signal.aborted) return;
    const nowMs = clock.monotonicMs();
    if (!this.isWaiting || this.events !== this.#eventsSeen) {
      this.#eventsSeen = this.events;
      this.#idleSinceMs = nowMs;
    }
    const stepDueMs = this.#firstTokenDueMs ?? this.#idleSinceMs + timeouts.idleMs;
    if (nowMs >= this.#turnEndsAtMs) return this.#expire("the turn's time is up");
    if (nowMs >= this.#modelEndsAtMs) return this.#expire("the model took too long for its answer");
    if (nowMs >= stepDueMs) {
      return this.#expire(
        this.#firstTokenDueMs === undefined
          ? "the model stopped sending in mid-answer"
          : "the model did not begin its answer in time",
      );
    }
    const nextLookMs = this.#firstTokenDueMs ?? nowMs + timeouts.idleMs / IDLE_CHECKS;
    const dueMs = Math.min(this.#turnEndsAtMs, this.#modelEndsAtMs, stepDueMs, nextLookMs);
    this.#timer = clock.setTimeout(() => this.#check(), Math.ceil(dueMs - nowMs));
  }

  #expire(message: string): void {
    this.#controller.abort(new OrchestraError("timeout", message));
  }
}

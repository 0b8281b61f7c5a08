import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { MemoryMetrics } from "../memory-metrics.js";

/** How far the commit log is: stream sequences of its newest result and of the newest up to which all are settled. */
export interface CommitLogProgress {
  readonly lastSequence: number;
  readonly settledSequence: number;
}

export interface CatchUpGateOptions {
  readonly readProgress: () => Promise<CommitLogProgress>;
  readonly isStoreUp: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MemoryMetrics;
  /** Pause between two looks at the log while the gate is closed. */
  readonly checkEveryMs: number;
  /** After this long without any progress the gate opens all the same. */
  readonly stallTimeoutMs: number;
}

/** `target` is the newest result there was when Redis was back: once all up to it are settled, none waits from before. */
type GateState = { kind: "open" } | { kind: "closed"; target?: number; settled: number; movedAtMs: number };

/**
 * Says whether results are known to wait unapplied. Closed from the start and after every failure of Redis, until all
 * results that were there when Redis answered again are settled. Turns do not begin meanwhile, because they would read
 * a history that lacks one. A log that does not move for `stallTimeoutMs` opens the gate, with an error in the log, so
 * that one result that cannot be applied does not stop everybody.
 */
export class CatchUpGate {
  readonly name = "catch-up-gate";
  readonly #o: CatchUpGateOptions;
  #state: GateState;
  #timer: Timer | undefined;
  #check: Promise<void> | undefined;
  /** Whether the last look failed, which is logged once and not at every look. */
  #isBlind = false;
  #phase: "new" | "running" | "stopped" = "new";

  constructor(o: CatchUpGateOptions) {
    this.#o = o;
    this.#state = this.#beClosed();
  }

  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  start(): void {
    if (this.#phase !== "new") return;
    this.#phase = "running";
    this.close();
  }

  async stop(): Promise<void> {
    this.#phase = "stopped";
    this.#o.clock.clearTimeout(this.#timer);
    await this.#check;
  }

  /** Closes it, or makes a closed one wait for the results that are there from now on as well. */
  close(): void {
    this.#state = this.#beClosed();
    if (this.#check === undefined) this.#scheduleCheck();
  }

  #beClosed(): GateState {
    this.#o.metrics.catchingUp.set(1);
    return { kind: "closed", settled: -1, movedAtMs: this.#o.clock.monotonicMs() };
  }

  #scheduleCheck(): void {
    if (this.#phase !== "running" || this.#timer !== undefined || this.isOpen) return;
    this.#timer = this.#o.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#check = this.#look().finally(() => {
        this.#check = undefined;
        this.#scheduleCheck();
      });
    }, this.#o.checkEveryMs);
  }

  async #look(): Promise<void> {
    const state = this.#state;
    if (state.kind === "open") return;
    const nowMs = this.#o.clock.monotonicMs();
    if (!this.#o.isStoreUp()) {
      state.movedAtMs = nowMs;
      return;
    }
    const progress = await this.#readProgress();
    // Closed anew while we looked: what we saw says nothing about what failed since.
    if (this.#state !== state) return;
    if (progress !== undefined && this.#isSettled(state, progress, nowMs)) this.#open();
    else if (nowMs - state.movedAtMs >= this.#o.stallTimeoutMs) {
      this.#o.logger.error(
        { target: state.target, settled: state.settled },
        "results wait unapplied and none gets applied; turns begin without them",
      );
      this.#open();
    }
  }

  #isSettled(state: Extract<GateState, { kind: "closed" }>, progress: CommitLogProgress, nowMs: number): boolean {
    state.target ??= progress.lastSequence;
    if (progress.settledSequence > state.settled) {
      state.settled = progress.settledSequence;
      state.movedAtMs = nowMs;
    }
    return state.settled >= state.target;
  }

  async #readProgress(): Promise<CommitLogProgress | undefined> {
    try {
      const progress = await this.#o.readProgress();
      this.#isBlind = false;
      return progress;
    } catch (error) {
      if (!this.#isBlind) this.#o.logger.warn({ err: error }, "cannot see how far the commit log is");
      this.#isBlind = true;
      return undefined;
    }
  }

  #open(): void {
    this.#state = { kind: "open" };
    this.#o.metrics.catchingUp.set(0);
  }
}

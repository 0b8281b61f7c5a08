import type { Bus, BusSubscription, KvWatch, SystemBucket } from "@ai-orchestra/bus";
import { subjects, SYSTEM_KEYS, type SystemState } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "../clock.js";
import type { Component } from "../component.js";

export interface LevelWatchOptions {
  bus: Pick<Bus, "subscribe">;
  states: Pick<SystemBucket["states"], "watch">;
  clock: Clock;
  /** How long the last level counts after the health service was last heard of. Default 15 000 ms. */
  keepForMs?: number;
  /** How long `start` waits for the level that is in force. Default 2 000 ms. */
  startTimeoutMs?: number;
}

export type LevelListener = (state: SystemState) => void;

const KEEP_FOR_MS = 15_000;
const START_TIMEOUT_MS = 2_000;

/** What holds while nobody says otherwise. */
const ALL_WELL: SystemState = {
  level: "normal",
  automaticLevel: "normal",
  since: 0,
  score: 1,
  off: [],
  reasons: [],
};

/**
 * The degradation level that this process obeys, kept up to date by the bus. When the health service has not been heard
 * of for `keepForMs`, the level is `normal` until it is back: the local breakers still protect this process.
 */
export class LevelWatch implements Component {
  readonly name = "level-watch";
  readonly #options: LevelWatchOptions;
  readonly #keepForMs: number;
  readonly #listeners = new Set<LevelListener>();
  #told: SystemState = ALL_WELL;
  #state: SystemState = ALL_WELL;
  #heardAtMs: number;
  #watch: KvWatch<SystemState> | undefined;
  #beats: BusSubscription | undefined;
  #staleTimer: Timer | undefined;

  constructor(options: LevelWatchOptions) {
    this.#options = options;
    this.#keepForMs = options.keepForMs ?? KEEP_FOR_MS;
    this.#heardAtMs = options.clock.monotonicMs();
  }

  /** Resolves when the level in force is known, or after `startTimeoutMs` without it. */
  async start(): Promise<void> {
    if (this.#watch !== undefined) return;
    const { bus, clock, states, startTimeoutMs = START_TIMEOUT_MS } = this.#options;
    this.#hear();
    this.#beats = bus.subscribe(subjects.serviceHeartbeats("health"), () => this.#hear());
    this.#watch = states.watch(
      (change) => {
        this.#told = change.operation === "put" ? change.value : ALL_WELL;
        this.#settle();
      },
      { key: SYSTEM_KEYS.state },
    );
    let timer: Timer | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = clock.setTimeout(resolve, startTimeoutMs);
    });
    await Promise.race([this.#watch.ready, tooLong]);
    clock.clearTimeout(timer);
  }

  stop(): void {
    this.#watch?.stop();
    this.#beats?.unsubscribe();
    this.#options.clock.clearTimeout(this.#staleTimer);
  }

  get state(): SystemState {
    return this.#state;
  }

  get level(): SystemState["level"] {
    return this.#state.level;
  }

  /** Whether the level switches `feature` off. */
  isOff(feature: string): boolean {
    return this.#state.off.includes(feature);
  }

  /** Calls `listener` after every change of the state until the returned function is called. */
  onChange(listener: LevelListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** One timer for the silence, looked at when it fires, instead of one for each heartbeat. */
  #hear(): void {
    const { clock } = this.#options;
    this.#heardAtMs = clock.monotonicMs();
    if (this.#staleTimer !== undefined) return;
    this.#scheduleStale(this.#keepForMs);
    this.#settle();
  }

  #scheduleStale(delayMs: number): void {
    const { clock } = this.#options;
    this.#staleTimer = clock.setTimeout(() => {
      this.#staleTimer = undefined;
      const leftMs = this.#heardAtMs + this.#keepForMs - clock.monotonicMs();
      if (leftMs > 0) this.#scheduleStale(leftMs);
      else this.#settle();
    }, delayMs);
    this.#staleTimer.unref();
  }

  /** The health service counts as there while the timer of its silence runs. */
  #settle(): void {
    const state = this.#staleTimer === undefined ? ALL_WELL : this.#told;
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

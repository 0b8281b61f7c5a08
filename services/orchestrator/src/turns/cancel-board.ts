import type { KvBucket, KvWatch } from "@ai-orchestra/bus";
import { cancelKey, type TurnKey } from "@ai-orchestra/contracts";
import type { Component } from "@ai-orchestra/service-kit";
import type { TurnStop } from "./turn-stop.js";

export interface CancelBoardOptions {
  cancels: KvBucket<{ at: number }>;
  /** Cancels that are remembered; beyond it the oldest are forgotten. The bucket itself forgets after an hour. */
  maxRemembered: number;
}

/**
 * The cancels that were left for turns nobody was running, followed from the bus, so that pulling a turn asks nobody.
 * A cancel that arrives while its turn runs here stops it just the same.
 */
export class CancelBoard implements Component {
  readonly name = "cancel-board";
  readonly #options: CancelBoardOptions;
  readonly #cancelled = new Set<string>();
  readonly #running = new Map<string, TurnStop>();
  #watch: KvWatch<{ at: number }> | undefined;

  constructor(options: CancelBoardOptions) {
    this.#options = options;
  }

  /** Resolves when every cancel that was left before is known. */
  async start(): Promise<void> {
    this.#watch ??= this.#options.cancels.watch((change) => {
      if (change.operation === "put") this.#remember(change.key);
      else this.#cancelled.delete(change.key);
    });
    await this.#watch.ready;
  }

  stop(): void {
    this.#watch?.stop();
  }

  /** Stops the attempt if its turn is cancelled, now or later; returns the function that ends that. */
  follow(turn: TurnKey, turnStop: TurnStop): () => void {
    const key = cancelKey(turn);
    if (this.#cancelled.has(key)) turnStop.stop("cancelled");
    this.#running.set(key, turnStop);
    return () => {
      if (this.#running.get(key) === turnStop) this.#running.delete(key);
    };
  }

  #remember(key: string): void {
    this.#cancelled.add(key);
    this.#running.get(key)?.stop("cancelled");
    const [oldest] = this.#cancelled;
    if (this.#cancelled.size > this.#options.maxRemembered && oldest !== undefined) this.#cancelled.delete(oldest);
  }
}

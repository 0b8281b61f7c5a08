import type { BusConnection } from "../connection.js";
import type { Delivery } from "./delivery.js";
import { hasUnmetDemand, LaneScheduler } from "./lane-scheduler.js";
import { PullLane } from "./pull-lane.js";

const LONG_PULL_EXPIRES_MS = 30_000;

/**
 * With few slots, an idle lane's pull holds one that another lane may need: pulls end soon there, and do not wait at all
 * where another lane is known to have work.
 */
const FEW_SLOTS_PER_LANE = 4;
const SHORT_PULL_EXPIRES_MS = 50;

export interface PullConsumptionOptions {
  readonly connection: BusConnection;
  readonly stream: string;
  readonly lanes: readonly { readonly consumer: string; readonly weight: number }[];
  /** Handlers that run at the same time. */
  readonly slots: number;
  /** Handles a delivery; its slot is taken until the promise ends. It must not reject. */
  readonly handle: (delivery: Delivery, laneIndex: number) => Promise<void>;
  /** Creates stream and consumers again, should they be gone. */
  readonly recover: () => Promise<void>;
}

/**
 * Keeps `slots` handlers busy from one or several durable consumers. It never asks for more messages than slots are
 * free, and as long as it has a slot it has a pull open: nothing is polled.
 */
export class PullConsumption {
  readonly #options: PullConsumptionOptions;
  readonly #lanes: readonly PullLane[];
  readonly #scheduler: LaneScheduler;
  readonly #unwatchStatus: () => void;
  readonly #hasFewSlots: boolean;
  readonly #idle = new Set<() => void>();
  #running = 0;
  #refillQueued = false;
  #recovering: Promise<void> | undefined;
  #state: "running" | "stopping" = "running";
  #stopped: Promise<void> | undefined;

  constructor(options: PullConsumptionOptions) {
    this.#options = options;
    this.#scheduler = new LaneScheduler(options.lanes.length);
    this.#hasFewSlots = options.lanes.length > 1 && options.slots < FEW_SLOTS_PER_LANE * options.lanes.length;
    this.#lanes = options.lanes.map(
      ({ consumer, weight }, index) =>
        new PullLane({
          connection: options.connection,
          stream: options.stream,
          consumer,
          weight,
          pullExpiresMs: this.#hasFewSlots ? SHORT_PULL_EXPIRES_MS : LONG_PULL_EXPIRES_MS,
          onDelivery: (delivery) => this.#receive(delivery, index),
          onChange: () => this.#queueRefill(),
          recover: () => this.#recover(),
        }),
    );
    this.#unwatchStatus = options.connection.onStatus((status) => {
      if (status === "connected") this.#begin();
      else for (const lane of this.#lanes) lane.suspend();
    });
    if (options.connection.status === "connected") this.#begin();
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#running;
  }

  /**
   * Asks for no more messages; those that arrive all the same are given back at once. Resolves when the running handlers
   * have ended, or after `timeoutMs`. Idempotent.
   */
  stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#state = "stopping";
    this.#unwatchStatus();
    await Promise.allSettled(this.#lanes.map((lane) => lane.drain()));
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => {
      const timer = Number.isFinite(timeoutMs) ? setTimeout(resolve, timeoutMs) : undefined;
      this.#idle.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #begin(): void {
    for (const lane of this.#lanes) lane.restart();
    this.#refill();
  }

  #receive(delivery: Delivery, laneIndex: number): void {
    if (this.#state === "stopping" || this.#running >= this.#options.slots) {
      delivery.nak();
      return;
    }
    this.#running += 1;
    this.#options.handle(delivery, laneIndex).then(
      () => this.#release(),
      () => this.#release(),
    );
    this.#queueRefill();
  }

  #release(): void {
    this.#running -= 1;
    this.#queueRefill();
    if (this.#running > 0) return;
    for (const wake of this.#idle) wake();
    this.#idle.clear();
  }

  /** Handlers that end in the same turn of the event loop are replaced by one pull. */
  #queueRefill(): void {
    if (this.#refillQueued || this.#state === "stopping") return;
    this.#refillQueued = true;
    queueMicrotask(() => {
      this.#refillQueued = false;
      this.#refill();
    });
  }

  #refill(): void {
    if (this.#state === "stopping" || this.#options.connection.status !== "connected") return;
    let free = this.#options.slots - this.#running;
    for (const lane of this.#lanes) free -= lane.outstanding;
    if (free <= 0) return;
    const allotted = this.#scheduler.allot(this.#lanes, free);
    for (const [index, lane] of this.#lanes.entries()) {
      const isNeededElsewhere =
        this.#hasFewSlots && this.#lanes.some((other) => other !== lane && hasUnmetDemand(other));
      lane.pull(allotted[index] ?? 0, isNeededElsewhere ? "none" : "wait");
    }
  }

  #recover(): Promise<void> {
    this.#recovering ??= this.#options.recover().finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }
}

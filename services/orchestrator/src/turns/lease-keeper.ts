import type { Bus, Job } from "@ai-orchestra/bus";
import { memoryTurnRenew, type TurnKey, type TurnRequest } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { TurnStop } from "./turn-stop.js";

export interface LeaseKeeperOptions {
  bus: Pick<Bus, "call">;
  clock: Clock;
  logger: Logger;
  job: Pick<Job<TurnRequest>, "working">;
  turn: TurnKey;
  turnStop: TurnStop;
  /** How often the queue claim and the lease are renewed together, in milliseconds. */
  renewEveryMs: number;
  /** A lease renewed longer ago than this is asked for again before a result is written, in milliseconds. */
  staleAfterMs: number;
}

/**
 * Keeps an attempt's two claims alive, the queue's on the message and memory's on the session, and stops the attempt
 * when memory says that another one has the turn. A turn without a lease (memory was away) keeps only the queue's claim.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  #lease: { fence: number; renewedAt: number } | undefined;
  #timer: ReturnType<Clock["setTimeout"]> | undefined;
  #state: "idle" | "keeping" | "released" = "idle";

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** Begins to keep the queue's claim, from the moment the turn was pulled. */
  start(): void {
    if (this.#state !== "idle") return;
    this.#state = "keeping";
    this.#scheduleNext();
  }

  /** Keeps the session's lease as well; `renewedAt` is the monotonic time at which it was asked for. */
  adopt(fence: number, renewedAt: number): void {
    this.#lease = { fence, renewedAt };
  }

  /** False when another attempt has taken the turn over. True when memory cannot be asked: the first result wins then. */
  async confirm(): Promise<boolean> {
    const { clock, staleAfterMs } = this.#options;
    const lease = this.#lease;
    if (lease !== undefined && clock.monotonicMs() - lease.renewedAt > staleAfterMs) await this.#renew();
    return this.#options.turnStop.reason !== "superseded";
  }

  /** Tells memory that the next attempt follows at once, so that this one is not held against the turn. Never rejects. */
  async handOver(): Promise<void> {
    this.release();
    await this.#renew({ handOver: true });
  }

  release(): void {
    this.#state = "released";
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #scheduleNext(): void {
    const { clock, renewEveryMs } = this.#options;
    this.#timer = clock.setTimeout(() => void this.#tick(), renewEveryMs);
  }

  async #tick(): Promise<void> {
    this.#options.job.working();
    await this.#renew();
    if (this.#state === "keeping") this.#scheduleNext();
  }

  /** Never rejects: a memory service that is away costs nothing but the lease. */
  async #renew({ handOver }: { handOver?: boolean } = {}): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    const { bus, clock, logger, turn, turnStop } = this.#options;
    const askedAt = clock.monotonicMs();
    try {
      const { held } = await bus.call(memoryTurnRenew, { ...turn, fence: lease.fence, handOver });
      if (held) lease.renewedAt = askedAt;
      else turnStop.stop("superseded");
    } catch (error) {
      logger.warn({ err: error, turnId: turn.turnId }, "the lease could not be renewed");
    }
  }
}

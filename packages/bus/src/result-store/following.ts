import type { JetStreamManager } from "@nats-io/jetstream";
import { fromNatsError } from "../errors.js";
import type { PullConsumption } from "../jetstream/pull-consumption.js";

export interface FollowingOptions {
  readonly pulls: PullConsumption;
  readonly runner: { stop(): void };
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly durable: string;
}

/** Where a durable name is in its store; both are sequences. */
export interface FollowProgress {
  /** The newest result there is. */
  readonly lastSequence: number;
  /** The newest result up to which all are finished. */
  readonly settledSequence: number;
}

/** A follower of a result store at work. */
export class Following {
  readonly #options: FollowingOptions;

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  /** Results that no handler of this durable name has finished: not delivered, running, or waiting for a retry. */
  async pending(): Promise<number> {
    const { manager, stream, durable } = this.#options;
    try {
      const info = await manager.consumers.info(stream, durable);
      return info.num_pending + info.num_ack_pending;
    } catch (error) {
      throw fromNatsError(error, `the state of ${durable}`);
    }
  }

  /**
   * How far the handlers of this durable name are. Unlike `pending`, which under load is hardly ever 0, it tells when
   * everything that was there at some moment is finished. Rejects as `pending` does.
   */
  async progress(): Promise<FollowProgress> {
    const { manager, stream, durable } = this.#options;
    try {
      const { state } = await manager.streams.info(stream);
      const info = await manager.consumers.info(stream, durable);
      const isFinished = info.num_pending + info.num_ack_pending === 0;
      const settledSequence = Math.max(info.ack_floor.stream_seq, isFinished ? state.last_seq : 0);
      return { lastSequence: state.last_seq, settledSequence };
    } catch (error) {
      throw fromNatsError(error, `the progress of ${durable}`);
    }
  }

  /** Takes no more results; resolves when the running handlers have ended, or after `timeoutMs`. Idempotent. */
  async stop(options: { timeoutMs?: number } = {}): Promise<void> {
    await this.#options.pulls.stop(options.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#options.runner.stop();
  }
}

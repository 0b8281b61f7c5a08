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

  /** Takes no more results; resolves when the running handlers have ended, or after `timeoutMs`. Idempotent. */
  async stop(options: { timeoutMs?: number } = {}): Promise<void> {
    await this.#options.pulls.stop(options.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#options.runner.stop();
  }
}

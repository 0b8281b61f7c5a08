import type { Bus } from "@ai-orchestra/bus";
import { subjects, type Heartbeat } from "@ai-orchestra/contracts";
import type { Logger } from "@ai-orchestra/telemetry";
import type { Clock, Timer } from "../clock.js";

const PERIOD_MS = 1000;

export interface HeartbeatPublisherOptions {
  bus: Bus;
  clock: Clock;
  logger: Logger;
  /** What to tell; asked anew for every beat. */
  describe: () => Heartbeat;
}

/** Publishes the instance's state once a second, and at once when told to. Beats that find no bus are left out. */
export class HeartbeatPublisher {
  readonly #options: HeartbeatPublisherOptions;
  #timer: Timer | undefined;

  constructor(options: HeartbeatPublisherOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#options.clock.setInterval(() => this.beat(), PERIOD_MS);
    this.beat();
  }

  stop(): void {
    this.#options.clock.clearInterval(this.#timer);
    this.#timer = undefined;
  }

  beat(): void {
    const { bus, describe, logger } = this.#options;
    if (bus.status !== "connected") return;
    try {
      const heartbeat = describe();
      bus.publish(subjects.heartbeat(heartbeat.service, heartbeat.instance), heartbeat);
    } catch (error) {
      logger.warn({ err: error }, "heartbeat was not published");
    }
  }
}

import type { Bus } from "@ai-orchestra/bus";
import { subjects } from "@ai-orchestra/contracts";
import type { Clock, Component, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { Leadership } from "../degradation/leadership.js";
import type { DescribeHealth } from "./describe-health.js";

const PERIOD_MS = 1_000;

/** The leader tells everybody once a second how the system is, so that nobody has to ask. */
export class OverviewPublisher implements Component {
  readonly name = "overview-publisher";
  readonly #options: {
    bus: Bus;
    clock: Clock;
    logger: Logger;
    leadership: Leadership;
    describeHealth: DescribeHealth;
  };
  #timer: Timer | undefined;

  constructor(options: {
    bus: Bus;
    clock: Clock;
    logger: Logger;
    leadership: Leadership;
    describeHealth: DescribeHealth;
  }) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= this.#options.clock.setInterval(() => this.#publish(), PERIOD_MS);
  }

  stop(): void {
    this.#options.clock.clearInterval(this.#timer);
  }

  #publish(): void {
    const { bus, describeHealth, leadership, logger } = this.#options;
    if (!leadership.isLeader || bus.status !== "connected") return;
    try {
      bus.publish(subjects.healthOverview, describeHealth());
    } catch (error) {
      logger.warn({ err: error }, "the overview was not published");
    }
  }
}

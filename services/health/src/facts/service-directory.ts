import { discoverServices, type Bus, type DiscoveredInstance } from "@ai-orchestra/bus";
import { CircuitBreaker, policy, type Policy } from "@ai-orchestra/resilience";
import type { BreakerReporter, Clock, Component, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";

export interface ServiceDirectoryOptions {
  bus: Bus;
  clock: Clock;
  logger: Logger;
  breakers: BreakerReporter;
  intervalMs: number;
}

const ANSWER_WAIT_MS = 300;
const TIMEOUT_MS = 2_000;
const FAILURES = 3;
const OPEN_FOR_MS = 30_000;

/** What the NATS service directory lists, looked up now and then; it complements the heartbeats and is never waited for. */
export class ServiceDirectory implements Component {
  readonly name = "service-directory";
  readonly #options: ServiceDirectoryOptions;
  readonly #lookUp: Policy;
  #instances: readonly DiscoveredInstance[] = [];
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ServiceDirectoryOptions) {
    const { breakers, clock } = options;
    this.#options = options;
    const name = "discovery";
    const trigger = { kind: "consecutive", failures: FAILURES } as const;
    const breaker = new CircuitBreaker({ name, clock, trigger, openForMs: OPEN_FOR_MS });
    breakers.watch(breaker);
    this.#lookUp = policy({ name, clock, breaker, timeout: TIMEOUT_MS });
  }

  start(): void {
    this.#timer ??= this.#options.clock.setInterval(() => this.#refresh(), this.#options.intervalMs);
    this.#refresh();
  }

  async stop(): Promise<void> {
    this.#options.clock.clearInterval(this.#timer);
    await this.#running;
  }

  /** As of the last look that was answered. */
  list(): readonly DiscoveredInstance[] {
    return this.#instances;
  }

  #refresh(): void {
    if (this.#options.bus.status !== "connected") return;
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined;
    });
  }

  async #look(): Promise<void> {
    const { bus, logger } = this.#options;
    try {
      this.#instances = await this.#lookUp.execute(() => discoverServices(bus, { waitMs: ANSWER_WAIT_MS }));
    } catch (error) {
      logger.debug({ err: error }, "the service directory did not answer; what it said before stands");
    }
  }
}

import type { Bus } from "@ai-orchestra/bus";
import { CLOSE_CODES } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { ConnectionRegistry } from "./connection-registry.js";

const TICK_MS = 1_000;

export interface ConnectionWatchOptions {
  registry: ConnectionRegistry;
  bus: Bus;
  /** How long a client may be behind without catching up before it is closed with 4002. */
  slowConsumerTimeoutMs: number;
  /** How long the bus may be away before clients are sent elsewhere with 4006; 0: for ever. */
  busOutageTimeoutMs: number;
  clock: Clock;
}

/** Closes connections for what lasts too long: a client that does not read, a bus that does not come back. */
export class ConnectionWatch {
  readonly name = "connection-watch";
  readonly #options: ConnectionWatchOptions;
  #ticker: Timer | undefined;
  #busAwaySinceMs: number | undefined;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#ticker !== undefined) return;
    this.#ticker = this.#options.clock.setInterval(() => this.#tick(), TICK_MS);
    this.#ticker.unref();
  }

  stop(): void {
    this.#options.clock.clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #tick(): void {
    const { registry, bus, slowConsumerTimeoutMs, busOutageTimeoutMs, clock } = this.#options;
    const now = clock.monotonicMs();
    if (bus.status === "connected") this.#busAwaySinceMs = undefined;
    else this.#busAwaySinceMs ??= now;
    const busIsGone =
      busOutageTimeoutMs > 0 && this.#busAwaySinceMs !== undefined && now - this.#busAwaySinceMs > busOutageTimeoutMs;
    for (const connection of registry.list()) {
      const since = connection.congestedSinceMs;
      if (busIsGone) connection.close(CLOSE_CODES.busUnavailable, "bus unavailable");
      else if (since !== undefined && now - since > slowConsumerTimeoutMs) {
        connection.close(CLOSE_CODES.slowConsumer, "slow consumer");
      }
    }
  }
}

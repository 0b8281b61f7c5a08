import type { Bus } from "@ai-orchestra/bus";
import { CLOSE_CODES } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Connection, ConnectionRegistry } from "./connection-registry.js";

const TICK_MS = 1_000;

export interface ConnectionWatchOptions {
  registry: ConnectionRegistry;
  bus: Bus;
  /** How long a client may be behind without catching up before it is closed with 4002. */
  slowConsumerTimeoutMs: number;
  /** How long the bus may be away before clients are sent elsewhere with 4006; 0: for ever. */
  busOutageTimeoutMs: number;
  /** How long a client may send nothing and have no turn in flight before it is closed with 4003; 0: for ever. */
  idleTimeoutMs: number;
  clock: Clock;
}

/** From the `drain` frame to the close of a connection at the end of its lifetime. */
const RETIRE_GRACE_MS = 5_000;

/**
 * Closes connections for what lasts too long: a client that does not read or says nothing, a bus that does not come
 * back, a token that ended, the connection itself.
 */
export class ConnectionWatch {
  readonly name = "connection-watch";
  readonly #options: ConnectionWatchOptions;
  /** Connections that were told to leave. */
  readonly #retiring = new WeakSet<Connection>();
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
    const { registry, bus, busOutageTimeoutMs, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (bus.status === "connected") this.#busAwaySinceMs = undefined;
    else this.#busAwaySinceMs ??= nowMs;
    const busIsGone =
      busOutageTimeoutMs > 0 && this.#busAwaySinceMs !== undefined && nowMs - this.#busAwaySinceMs > busOutageTimeoutMs;
    for (const connection of registry.list()) {
      if (busIsGone) connection.close(CLOSE_CODES.busUnavailable, "bus unavailable");
      else this.#look(connection, nowMs);
    }
  }

  #look(connection: Connection, nowMs: number): void {
    const { slowConsumerTimeoutMs, idleTimeoutMs, clock } = this.#options;
    const { congestedSinceMs, activeAtMs, retireAtMs, principal } = connection;
    if (principal.expiresAt !== undefined && clock.now() >= principal.expiresAt) {
      connection.close(CLOSE_CODES.tokenExpired, "token expired");
    } else if (congestedSinceMs !== undefined && nowMs - congestedSinceMs > slowConsumerTimeoutMs) {
      connection.close(CLOSE_CODES.slowConsumer, "slow consumer");
    } else if (idleTimeoutMs > 0 && nowMs - activeAtMs > idleTimeoutMs) {
      connection.close(CLOSE_CODES.idle, "idle");
    } else if (nowMs > retireAtMs + RETIRE_GRACE_MS) {
      connection.close(CLOSE_CODES.draining, "end of the connection's lifetime");
    } else if (nowMs > retireAtMs && !this.#retiring.has(connection)) {
      this.#retiring.add(connection);
      connection.announceDrain(0);
    }
  }
}

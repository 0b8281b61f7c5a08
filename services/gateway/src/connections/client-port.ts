import type { Logger } from "@ai-orchestra/telemetry";
import type { UwsServer } from "../websocket/uws-server.js";
import { drainConnections } from "./connection-drain.js";
import type { ConnectionRegistry } from "./connection-registry.js";

/** Share of the stop time in which WebSocket clients are sent away; HTTP requests get what is left to finish. */
const CLOSING_SHARE = 0.5;
/** Kept at the end for the connections to be cut. */
const CUT_MARGIN_MS = 100;

/** The port that clients use, as a part of the service: opened last, closed first. */
export class ClientPort {
  readonly name = "client-port";
  readonly #server: UwsServer;
  readonly #registry: ConnectionRegistry;
  readonly #logger: Logger;
  readonly #now: () => number;

  constructor(options: { server: UwsServer; registry: ConnectionRegistry; logger: Logger; now: () => number }) {
    this.#server = options.server;
    this.#registry = options.registry;
    this.#logger = options.logger;
    this.#now = options.now;
  }

  async start(): Promise<void> {
    await this.#server.listen();
    this.#logger.info({ port: this.#server.port }, "clients may connect");
  }

  /** Takes nothing new, sends WebSocket clients away, lets HTTP requests finish while there is time, cuts the rest. */
  async stop({ deadlineAt }: { deadlineAt: number }): Promise<void> {
    this.#server.stopListening();
    const now = this.#now();
    const closedBy = now + Math.max(0, deadlineAt - now) * CLOSING_SHARE;
    const remainingMs = Math.max(0, deadlineAt - CUT_MARGIN_MS - now);
    await Promise.all([
      drainConnections({ registry: this.#registry, now: this.#now, deadlineAt: closedBy }),
      this.#server.waitUntilIdle(AbortSignal.timeout(remainingMs)),
    ]);
    this.#server.close();
  }
}

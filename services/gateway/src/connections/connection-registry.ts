import { OrchestraError, type CloseCode } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";

/** A client connection, whatever protocol it speaks. */
export interface Connection {
  readonly id: string;
  /** Whose it is, by the newest token that the client sent. */
  readonly principal: Principal;
  /** When the client last sent something or had a turn in flight, on the monotonic clock. */
  readonly activeAtMs: number;
  /** When the client is asked to connect anew, on the monotonic clock; `Infinity`: never. */
  readonly retireAtMs: number;
  readonly bufferedBytes: number;
  /** Since when the client does not keep up, on the monotonic clock; undefined while it does. */
  readonly congestedSinceMs: number | undefined;
  /** Tells the client, in its protocol, that this node is going away. */
  announceDrain(reconnectAfterMs: number): void;
  /** The registry hears of the close through `remove`. */
  close(code: CloseCode, reason: string): void;
}

/** How long a full node asks clients to wait. */
const FULL_RETRY_AFTER_MS = 2_000;

/** The open client connections of this process, bounded. */
export class ConnectionRegistry {
  readonly #maxConnections: number;
  readonly #connections = new Map<string, Connection>();
  #state: "open" | "draining" = "open";

  constructor({ maxConnections }: { maxConnections: number }) {
    this.#maxConnections = maxConnections;
  }

  get size(): number {
    return this.#connections.size;
  }

  get draining(): boolean {
    return this.#state === "draining";
  }

  /** Throws when no further connection may be opened: `overloaded` when full, `unavailable` when draining. */
  checkRoom(): void {
    if (this.#state === "draining") {
      throw new OrchestraError("unavailable", "this node is going away", { retryAfterMs: FULL_RETRY_AFTER_MS });
    }
    if (this.#connections.size >= this.#maxConnections) {
      throw new OrchestraError("overloaded", "this node has as many connections as it takes", {
        retryAfterMs: FULL_RETRY_AFTER_MS,
      });
    }
  }

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection.id);
  }

  get(id: string): Connection | undefined {
    return this.#connections.get(id);
  }

  list(): Connection[] {
    return [...this.#connections.values()];
  }

  startDraining(): void {
    this.#state = "draining";
  }
}

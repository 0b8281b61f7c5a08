import type { Bus } from "@ai-orchestra/bus";
import {
  memoryConnectionsAcquire,
  memoryConnectionsRelease,
  memoryConnectionsRenew,
  OrchestraError,
  type Owner,
} from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import { groupByClient } from "./client-batches.js";

/** Until the memory service has said how long a lease lasts. */
const FIRST_RENEW_PERIOD_MS = 2_000;
/** A lease survives two renewals that fail. */
const RENEWALS_PER_LEASE = 3;
/** Closes that come together are told together. */
const RELEASE_DELAY_MS = 20;
/** What a client is told to wait when only this node counts: its own connections end when they do. */
const LOCAL_RETRY_AFTER_MS = 5_000;

/** How a place was got or refused: by the memory service for the whole mesh, or counted here while that is away. */
export type LeaseOutcome = "granted" | "refused" | "granted_locally" | "refused_locally";

export interface ConnectionLeasesOptions {
  readonly bus: Pick<Bus, "call">;
  readonly clock: Clock;
  /** Connections of one client over all gateways. */
  readonly maxPerClient: number;
  /** Another connection of the client took the place of this one, which is still open. */
  readonly onReplaced: (connectionId: string) => void;
  readonly onOutcome: (outcome: LeaseOutcome) => void;
  /** Called when the memory service goes away, and when it is back. */
  readonly onReachable: (reachable: boolean, error?: unknown) => void;
}

interface Place {
  readonly owner: Owner;
  /** `asked`: not to be renewed, the answer may be no. */
  state: "asked" | "held";
}

/**
 * The places that this node's connections take of those each client has over all gateways. The memory service counts
 * them; while it is away, each gateway counts its own, and tells it of them when it is back. One call renews the leases
 * of many connections.
 */
export class ConnectionLeases {
  readonly name = "connection-leases";
  readonly #options: ConnectionLeasesOptions;
  readonly #places = new Map<string, Place>();
  readonly #toRelease = new Map<string, Owner>();
  /** Told once that they are replaced; at the second time they are closed, if their client has not done it. */
  #replaced = new Set<string>();
  #renewPeriodMs = FIRST_RENEW_PERIOD_MS;
  #reachable = true;
  #renewTimer: Timer | undefined;
  #releaseTimer: Timer | undefined;
  #state: "idle" | "running" | "stopped" = "idle";

  constructor(options: ConnectionLeasesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#places.size;
  }

  start(): void {
    if (this.#state !== "idle") return;
    this.#state = "running";
    this.#scheduleRenewal();
  }

  /** Frees every place, so that the clients find them on the gateways they go to. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#options.clock.clearTimeout(this.#renewTimer);
    for (const connectionId of this.#places.keys()) this.release(connectionId);
    this.#options.clock.clearTimeout(this.#releaseTimer);
    await this.#flushReleases();
  }

  dependency(): "up" | "down" {
    return this.#reachable ? "up" : "down";
  }

  /** Takes a place. Rejects with `connection_limit` when the client has none left. */
  async acquire(request: { owner: Owner; connectionId: string; replaces: string | undefined }): Promise<void> {
    const { bus, maxPerClient, onOutcome } = this.#options;
    const { owner, connectionId } = request;
    const place: Place = { owner, state: "asked" };
    this.#places.set(connectionId, place);
    try {
      const reply = await bus.call(memoryConnectionsAcquire, { ...request, limit: maxPerClient });
      this.#noteReachable(true);
      onOutcome(reply.status);
      if (reply.status === "refused") throw connectionLimit(maxPerClient, reply.retryAfterMs);
      this.#renewPeriodMs = reply.leaseTtlMs / RENEWALS_PER_LEASE;
    } catch (error) {
      if (isRefusal(error)) {
        this.#places.delete(connectionId);
        throw error;
      }
      this.#noteReachable(false, error);
      this.#acquireLocally(request);
    }
    place.state = "held";
  }

  /** Frees the place of a connection that is closed; one that has none is no error. */
  release(connectionId: string): void {
    const place = this.#places.get(connectionId);
    if (place === undefined) return;
    this.#places.delete(connectionId);
    this.#replaced.delete(connectionId);
    this.#toRelease.set(connectionId, place.owner);
    this.#releaseTimer ??= this.#options.clock.setTimeout(() => {
      this.#releaseTimer = undefined;
      void this.#flushReleases();
    }, RELEASE_DELAY_MS);
  }

  #acquireLocally({
    owner,
    connectionId,
    replaces,
  }: {
    owner: Owner;
    connectionId: string;
    replaces?: string | undefined;
  }) {
    const { maxPerClient, onOutcome } = this.#options;
    let taken = 0;
    for (const [id, place] of this.#places) {
      if (place.owner === owner && id !== replaces && !this.#replaced.has(id)) taken += 1;
    }
    if (taken > maxPerClient) {
      this.release(connectionId);
      onOutcome("refused_locally");
      throw connectionLimit(maxPerClient, LOCAL_RETRY_AFTER_MS);
    }
    if (replaces !== undefined && this.#places.get(replaces)?.owner === owner) this.#noteReplaced([replaces]);
    onOutcome("granted_locally");
  }

  #scheduleRenewal(): void {
    if (this.#state !== "running") return;
    this.#renewTimer = this.#options.clock.setTimeout(() => {
      void this.#renewAll().finally(() => this.#scheduleRenewal());
    }, this.#renewPeriodMs);
  }

  /** Never rejects: what could not be renewed is tried again, well before the leases end. */
  async #renewAll(): Promise<void> {
    const held = [...this.#places].flatMap(([id, { owner, state }]) =>
      state === "held" ? [[id, owner] as const] : [],
    );
    for (const clients of groupByClient(held)) {
      try {
        const { replaced, leaseTtlMs } = await this.#options.bus.call(memoryConnectionsRenew, { clients });
        this.#renewPeriodMs = leaseTtlMs / RENEWALS_PER_LEASE;
        this.#noteReachable(true);
        this.#noteReplaced(replaced);
      } catch (error) {
        this.#noteReachable(false, error);
        this.#renewPeriodMs = FIRST_RENEW_PERIOD_MS;
        return;
      }
    }
  }

  /** Never rejects: a lease that could not be freed ends by itself. */
  async #flushReleases(): Promise<void> {
    const batches = groupByClient(this.#toRelease);
    this.#toRelease.clear();
    try {
      for (const clients of batches) await this.#options.bus.call(memoryConnectionsRelease, { clients });
    } catch (error) {
      this.#noteReachable(false, error);
    }
  }

  #noteReplaced(connectionIds: readonly string[]): void {
    for (const id of connectionIds) {
      if (!this.#places.has(id)) continue;
      if (this.#replaced.has(id)) this.#options.onReplaced(id);
      else this.#replaced.add(id);
    }
  }

  #noteReachable(reachable: boolean, error?: unknown): void {
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    this.#options.onReachable(reachable, error);
  }
}

function connectionLimit(maxPerClient: number, retryAfterMs: number): OrchestraError {
  return new OrchestraError("connection_limit", `at most ${maxPerClient} connections of a client`, { retryAfterMs });
}

function isRefusal(error: unknown): boolean {
  return error instanceof OrchestraError && error.code === "connection_limit";
}

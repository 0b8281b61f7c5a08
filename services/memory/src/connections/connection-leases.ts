import type {
  ClientConnections,
  memoryConnectionsAcquire,
  memoryConnectionsRelease,
  memoryConnectionsRenew,
} from "@ai-orchestra/contracts";
import type { z } from "zod";
import type { MemoryMetrics } from "../memory-metrics.js";
import { connectionKeys } from "../redis/connection-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { acquireConnectionScript } from "./acquire-connection-script.js";
import { renewConnectionsScript } from "./renew-connections-script.js";

export type AcquireRequest = z.output<typeof memoryConnectionsAcquire.request>;
export type AcquireReply = z.output<typeof memoryConnectionsAcquire.response>;
export type RenewConnectionsRequest = z.output<typeof memoryConnectionsRenew.request>;
export type RenewConnectionsReply = z.output<typeof memoryConnectionsRenew.response>;
export type ReleaseRequest = z.output<typeof memoryConnectionsRelease.request>;

type AcquireScriptReply = ["granted"] | ["taken_over"] | ["refused", retryAfterMs: number];

export interface ConnectionLeasesOptions {
  readonly redis: RedisConnection;
  readonly metrics: MemoryMetrics;
  readonly leaseTtlMs: number;
}

/**
 * Counts each client's connections over all gateways. A gateway that is gone renews nothing, and its clients' places
 * are free again after `leaseTtlMs`. Every method throws `unavailable` while Redis cannot be reached.
 */
export class ConnectionLeases {
  readonly #o: ConnectionLeasesOptions;

  constructor(o: ConnectionLeasesOptions) {
    this.#o = o;
  }

  async acquire({ owner, connectionId, replaces = "", limit }: AcquireRequest): Promise<AcquireReply> {
    const { redis, metrics, leaseTtlMs } = this.#o;
    const { held, replaced } = connectionKeys(owner);
    const args = [connectionId, replaces, limit, leaseTtlMs];
    const reply = (await redis.run(acquireConnectionScript, [held, replaced], args)) as AcquireScriptReply;
    metrics.connectionLeases.inc({ outcome: reply[0] });
    return reply[0] === "refused" ? { status: "refused", retryAfterMs: reply[1] } : { status: "granted", leaseTtlMs };
  }

  async renew({ clients }: RenewConnectionsRequest): Promise<RenewConnectionsReply> {
    const replaced = await Promise.all(clients.map((client) => this.#renewClient(client)));
    return { replaced: replaced.flat(), leaseTtlMs: this.#o.leaseTtlMs };
  }

  async release({ clients }: ReleaseRequest): Promise<Record<string, never>> {
    const { redis } = this.#o;
    await Promise.all(
      clients.map(({ owner, connectionIds }) =>
        redis.execute("releaseConnections", (client) => client.zrem(connectionKeys(owner).held, ...connectionIds)),
      ),
    );
    return {};
  }

  async #renewClient({ owner, connectionIds }: ClientConnections): Promise<string[]> {
    const { redis, leaseTtlMs } = this.#o;
    const { held, replaced } = connectionKeys(owner);
    return (await redis.run(renewConnectionsScript, [held, replaced], [leaseTtlMs, ...connectionIds])) as string[];
  }
}

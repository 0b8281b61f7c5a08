import { createHash, randomUUID } from "node:crypto";
import type { Bus } from "@ai-orchestra/bus";
import { MAX_CLIENTS_PER_USAGE_BATCH, memoryUsageRecord, PROTOCOLS, type Protocol } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";

const FLUSH_PERIOD_MS = 5_000;

interface Tally {
  requests: number;
  readonly clients: Set<string>;
}

type Batch = Parameters<typeof sendBatch>[1];

export interface VersionUsageOptions {
  bus: Pick<Bus, "call" | "status">;
  clock: Clock;
  /** Hears when a batch could not be handed over; it is sent again. */
  onError: (error: unknown) => void;
}

/**
 * Counts which protocol clients speak and hands the counts to the memory service every few seconds, where those of all
 * gateways add up. While that is away one batch waits and the counts go on; past `MAX_CLIENTS_PER_USAGE_BATCH` clients
 * of a protocol, further ones are not told apart until the next batch.
 */
export class VersionUsage {
  readonly name = "version-usage";
  readonly #options: VersionUsageOptions;
  #tallies = createTallies();
  #batch: Batch | undefined;
  #flushing: Promise<void> | undefined;
  #ticker: Timer | undefined;

  constructor(options: VersionUsageOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#ticker !== undefined) return;
    this.#ticker = this.#options.clock.setInterval(() => void this.flush(), FLUSH_PERIOD_MS);
    this.#ticker.unref();
  }

  async stop(): Promise<void> {
    this.#options.clock.clearInterval(this.#ticker);
    this.#ticker = undefined;
    await this.flush();
  }

  /** Counts one request of a client. */
  count(protocol: Protocol, client: string): void {
    const tally = this.#tallies[protocol];
    tally.requests += 1;
    if (tally.clients.size < MAX_CLIENTS_PER_USAGE_BATCH) tally.clients.add(client);
  }

  /** Hands over what was counted. Never rejects; what could not be handed over is kept. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flushOnce().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flushOnce(): Promise<void> {
    const { bus, clock, onError } = this.#options;
    if (bus.status !== "connected") return;
    try {
      while ((this.#batch ??= this.#takeBatch(clock.now())) !== undefined) {
        await sendBatch(bus, this.#batch);
        this.#batch = undefined;
      }
    } catch (error) {
      onError(error);
    }
  }

  #takeBatch(at: number): Batch | undefined {
    const usage = PROTOCOLS.map((protocol) => ({ protocol, ...this.#tallies[protocol] }))
      .filter(({ requests }) => requests > 0)
      .map(({ protocol, requests, clients }) => ({ protocol, requests, clients: [...clients].map(hashClient) }));
    if (usage.length === 0) return undefined;
    this.#tallies = createTallies();
    return { batchId: randomUUID(), at, usage };
  }
}

function sendBatch(
  bus: Pick<Bus, "call">,
  batch: { batchId: string; at: number; usage: { protocol: Protocol; requests: number; clients: string[] }[] },
): Promise<unknown> {
  return bus.call(memoryUsageRecord, batch);
}

function createTallies(): Record<Protocol, Tally> {
  const fresh = (): Tally => ({ requests: 0, clients: new Set() });
  return { v1: fresh(), v2: fresh(), openai: fresh() };
}

function hashClient(client: string): string {
  return createHash("sha256").update(client).digest("base64url").slice(0, 16);
}

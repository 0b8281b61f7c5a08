import { OrchestraError } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { MemoryMetrics } from "../memory-metrics.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { COLLECTOR_LOCK_KEY, OWNERS_KEY, ownerSessionsKey, sessionKeyPrefix } from "../redis/session-keys.js";
import { releaseLockScript } from "./release-lock-script.js";
import { sweepOwnerScript } from "./sweep-owner-script.js";

const OWNERS_A_BATCH = 100;
const SESSIONS_A_SWEEP = 100;
/** A run ends after this, the lock a little later: a dead instance blocks the others for one lock at most. */
const RUN_TIMEOUT_MS = 20_000;
const LOCK_TTL_MS = 30_000;
const MIN_PAUSE_MS = 1_000;
const JITTER = 0.2;

export interface GarbageCollectorOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MemoryMetrics;
  readonly instance: string;
  readonly intervalMs: number;
  readonly sessionTtlMs: number;
}

/**
 * Removes what expired sessions leave behind: index entries, and keys whose own time to live was set longer. One instance
 * at a time, and only owners who are due, so that a run costs what there is to remove and not what is kept.
 */
export class GarbageCollector {
  readonly name = "garbage-collector";
  readonly #o: GarbageCollectorOptions;
  #timer: Timer | undefined;
  #run: Promise<void> | undefined;
  #isStopped = false;

  constructor(o: GarbageCollectorOptions) {
    this.#o = o;
  }

  start(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    const { clock, intervalMs } = this.#o;
    const delayMs = intervalMs * (1 + JITTER * (2 * Math.random() - 1));
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#run = this.#runAndReport().finally(() => this.start());
    }, delayMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#o.clock.clearTimeout(this.#timer);
    await this.#run;
  }

  /**
   * Collects until nothing is due, unless another instance does already.
   *
   * @throws OrchestraError `unavailable` when Redis is away.
   */
  async collect(): Promise<"collected" | "skipped"> {
    const { redis, instance, clock } = this.#o;
    const locked = await redis.execute("lockCollector", (client) =>
      client.set(COLLECTOR_LOCK_KEY, instance, "PX", LOCK_TTL_MS, "NX"),
    );
    if (locked === null) return "skipped";
    try {
      const endsAtMs = clock.monotonicMs() + RUN_TIMEOUT_MS;
      let owners = await this.#findDueOwners();
      while (owners.length > 0 && clock.monotonicMs() < endsAtMs && !this.#isStopped) {
        for (const owner of owners) await this.#collectOwner(owner);
        owners = await this.#findDueOwners();
      }
    } finally {
      await redis.run(releaseLockScript, [COLLECTOR_LOCK_KEY], [instance]);
    }
    return "collected";
  }

  async #runAndReport(): Promise<void> {
    const { metrics, logger } = this.#o;
    try {
      metrics.collections.inc({ outcome: await this.collect() });
    } catch (error) {
      const failure = OrchestraError.from(error);
      metrics.collections.inc({ outcome: failure.code });
      if (failure.code !== "unavailable") logger.error({ err: failure }, "the garbage collector failed");
    }
  }

  async #findDueOwners(): Promise<string[]> {
    const { redis, clock } = this.#o;
    return await redis.execute("findDueOwners", (client) =>
      client.zrangebyscore(OWNERS_KEY, "-inf", clock.now(), "LIMIT", 0, OWNERS_A_BATCH),
    );
  }

  async #collectOwner(owner: string): Promise<void> {
    const { redis, metrics, clock } = this.#o;
    const nextDueAt = await this.#sweep(owner);
    if (nextDueAt > 0) {
      // Redis has the say on what expired; an owner is never due again at once because our clock is ahead of its.
      const dueAt = Math.max(nextDueAt, clock.now() + MIN_PAUSE_MS);
      await redis.execute("postponeOwner", (client) => client.zadd(OWNERS_KEY, "XX", dueAt, owner));
      return;
    }
    await redis.execute("forgetOwner", (client) => client.zrem(OWNERS_KEY, owner));
    // A session may have been stored after the sweep, by somebody who found the owner still noted.
    const dueAt = await this.#sweep(owner);
    if (dueAt > 0) await redis.execute("noteOwner", (client) => client.zadd(OWNERS_KEY, "NX", dueAt, owner));
    else metrics.collectedOwners.inc();
  }

  /** Removes an owner's expired sessions; answers when the next one is due, 0 when none is left. */
  async #sweep(owner: string): Promise<number> {
    const { redis, metrics, sessionTtlMs } = this.#o;
    for (;;) {
      const reply = await redis.run(
        sweepOwnerScript,
        [ownerSessionsKey(owner)],
        [sessionKeyPrefix(owner), sessionTtlMs, SESSIONS_A_SWEEP],
      );
      const [removed, nextDueAt] = reply as [number, number];
      if (removed > 0) metrics.collectedSessions.inc(removed);
      if (removed < SESSIONS_A_SWEEP) return nextDueAt;
    }
  }
}

import { setMaxListeners } from "node:events";
import type { Following, ResultStore } from "@ai-orchestra/bus";
import { CONSUMERS, OrchestraError, type TurnResult } from "@ai-orchestra/contracts";
import type { Logger } from "@ai-orchestra/telemetry";
import type { MemoryMetrics } from "../memory-metrics.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import type { CommitLogProgress } from "./catch-up-gate.js";
import type { ResultApplier } from "./result-applier.js";

/** How often a result that Redis refuses, rather than misses, is tried before it is set aside. */
const MAX_REFUSALS = 5;
/** A process that dies with results in its hands delays them by this much. */
const ACK_WAIT_MS = 2_000;

export interface CommitLogOptions {
  readonly redis: Pick<RedisConnection, "untilUp">;
  readonly turnResults: ResultStore<TurnResult>;
  readonly resultApplier: ResultApplier;
  readonly logger: Logger;
  readonly metrics: MemoryMetrics;
  readonly concurrency: number;
  readonly retryDelayMs: number;
}

/**
 * Follows the results stream, which all instances share, and applies each result. While Redis is away results wait in
 * the stream, but for the few that were delivered, which wait here. One that Redis refuses for good is set aside, with
 * an error in the log and without its text: it stays in the stream for its time, and the results after it go on.
 */
export class CommitLog {
  readonly name = "commit-log";
  readonly #o: CommitLogOptions;
  readonly #stopping = new AbortController();
  #following: Following | undefined;

  constructor(o: CommitLogOptions) {
    this.#o = o;
    setMaxListeners(o.concurrency, this.#stopping.signal);
  }

  async start(): Promise<void> {
    const { turnResults, concurrency, retryDelayMs } = this.#o;
    this.#following ??= await turnResults.follow(CONSUMERS.memoryCommitLog, (entry) => this.#apply(entry), {
      concurrency,
      retryDelayMs,
      ackWaitMs: ACK_WAIT_MS,
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new OrchestraError("unavailable", "memory is stopping"));
    await this.#following?.stop();
  }

  /** @throws OrchestraError `unavailable` before the start, or when the stream cannot be asked. */
  async readProgress(): Promise<CommitLogProgress> {
    if (this.#following === undefined) throw new OrchestraError("unavailable", "the commit log is not followed yet");
    return await this.#following.progress();
  }

  async #apply(entry: { value: TurnResult; sequence: number; deliveryCount: number }): Promise<void> {
    const { redis, resultApplier, logger, metrics } = this.#o;
    await redis.untilUp(this.#stopping.signal);
    try {
      await resultApplier.apply(entry.value, "log");
    } catch (error) {
      const isRefused = !OrchestraError.from(error).retryable;
      if (!isRefused || entry.deliveryCount < MAX_REFUSALS) throw error;
      const { owner, sessionId, turnId } = entry.value;
      logger.error({ err: error, owner, sessionId, turnId, sequence: entry.sequence }, "a result is set aside");
      metrics.commits.inc({ outcome: "set_aside", source: "log" });
    }
  }
}

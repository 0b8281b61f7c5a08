import type { TurnResult } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { MemoryMetrics } from "../memory-metrics.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { OWNERS_KEY, ownerSessionsKey, sessionKeyPrefix, sessionKeys, turnStateKey } from "../redis/session-keys.js";
import { applyResultScript } from "./apply-result-script.js";
import { isUsableAsContext, toStoredTurn } from "./stored-turn.js";

/** The way a result came: memory's own call, the results stream, or the recovery of a lease that ran out. */
export type ResultSource = "call" | "log" | "recovery";

export interface SessionLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  readonly maxSessionsPerClient: number;
}

export interface ResultApplierOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly metrics: MemoryMetrics;
  readonly limits: SessionLimits;
  readonly sessionTtlMs: number;
  readonly turnStateTtlMs: number;
}

type ScriptReply = ["duplicate"] | ["applied", trimmedTurns: number, evictedSessions: number];

/** Applies results to sessions, each once however often and whichever way it comes. */
export class ResultApplier {
  readonly #o: ResultApplierOptions;

  constructor(o: ResultApplierOptions) {
    this.#o = o;
  }

  /**
   * Marks the turn done, releases its lease and stores its text at its place in the session, within the limits.
   *
   * @throws OrchestraError `unavailable` when Redis is away: nothing, or everything, has happened, and it may be called
   * again; `internal` when Redis refuses this result for good.
   */
  async apply(result: TurnResult, source: ResultSource): Promise<"applied" | "duplicate"> {
    const { metrics, clock } = this.#o;
    const [outcome, trimmedTurns, evictedSessions] = result.stateless ? STATELESS : await this.#runScript(result);
    metrics.commits.inc({ outcome, source });
    if (outcome === "duplicate") return outcome;
    metrics.applyLagSeconds.observe(Math.max(0, clock.now() - result.finishedAt) / 1_000);
    if (trimmedTurns > 0) metrics.trimmedTurns.inc(trimmedTurns);
    if (evictedSessions > 0) metrics.evictedSessions.inc(evictedSessions);
    return outcome;
  }

  async #runScript(result: TurnResult): Promise<ScriptReply> {
    const { redis, clock, limits, sessionTtlMs, turnStateTtlMs } = this.#o;
    const { owner, sessionId, turnId, order, submittedAt } = result;
    const keys = sessionKeys(owner, sessionId);
    const turn = toStoredTurn(result);
    const texts = [turn?.inputText, turn?.outputText].filter((text) => text !== undefined);
    const reply = redis.run(
      applyResultScript,
      [keys.control, turnStateKey(result), keys.turns, keys.texts, keys.summary, ownerSessionsKey(owner), keys.waiting],
      [
        turnId,
        order,
        submittedAt,
        turn === undefined ? "" : JSON.stringify(turn),
        turn !== undefined && isUsableAsContext(turn) ? 1 : 0,
        texts.length,
        texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
        sessionId,
        sessionKeyPrefix(owner),
        turnStateTtlMs,
        sessionTtlMs,
        limits.maxMessages,
        limits.maxBytes,
        limits.maxSessionsPerClient,
      ],
    );
    if (turn === undefined) return (await reply) as ScriptReply;
    // Another slot in a cluster, so not in the script; sent after it, so that the collector never forgets an owner in between.
    const noted = redis.execute("noteOwner", (client) =>
      client.zadd(OWNERS_KEY, "NX", clock.now() + sessionTtlMs, owner),
    );
    const [applied] = await Promise.all([reply, noted]);
    return applied as ScriptReply;
  }
}

const STATELESS: ScriptReply = ["applied", 0, 0];

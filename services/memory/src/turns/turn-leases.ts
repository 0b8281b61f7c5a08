import type { ResultStore } from "@ai-orchestra/bus";
import {
  LIMITS,
  type memoryTurnBegin,
  type memoryTurnRenew,
  OrchestraError,
  subjects,
  type TurnKey,
  type TurnResult,
} from "@ai-orchestra/contracts";
import type { Logger } from "@ai-orchestra/telemetry";
import type { z } from "zod";
import type { CatchUpGate } from "../commit-log/catch-up-gate.js";
import type { ResultApplier } from "../commit-log/result-applier.js";
import type { MemoryMetrics } from "../memory-metrics.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { sessionKeys, turnStateKey } from "../redis/session-keys.js";
import { beginTurnScript } from "./begin-turn-script.js";
import { toContextMessages } from "./context-messages.js";
import { renewLeaseScript } from "./renew-lease-script.js";

/** How soon the next in line may ask again. */
const BUSY_RETRY_AFTER_MS = 100;
/** The same for one that has others in front of it besides the one that runs. */
const QUEUED_RETRY_AFTER_MS = 300;
/** One round finds a lease that ran out, one grants it; a third is for somebody who came in between. */
const MAX_ROUNDS = 3;

export type BeginRequest = z.output<typeof memoryTurnBegin.request>;
export type BeginReply = z.output<typeof memoryTurnBegin.response>;
export type RenewRequest = z.output<typeof memoryTurnRenew.request>;

export interface TurnLeasesOptions {
  readonly redis: RedisConnection;
  readonly turnResults: Pick<ResultStore<TurnResult>, "get">;
  readonly resultApplier: ResultApplier;
  readonly catchUpGate: Pick<CatchUpGate, "isOpen">;
  readonly logger: Logger;
  readonly metrics: MemoryMetrics;
  readonly leaseTtlMs: number;
  readonly turnStateTtlMs: number;
  readonly contextMaxMessages: number;
  readonly contextMaxBytes: number;
}

type ScriptReply =
  | ["granted", fence: number, ...texts: (string | null)[]]
  | ["busy", turnId: string, reason: "held" | "after" | "queued"]
  | ["done"]
  | ["exhausted", starts: number]
  | ["expired", turnId: string, fence: string];

/** Decides which turn of a session may run, and what it may read. */
export class TurnLeases {
  readonly #o: TurnLeasesOptions;

  constructor(o: TurnLeasesOptions) {
    this.#o = o;
  }

  /**
   * Grants the session's lease to this attempt, with the newest turns of the session oldest first, or says why not.
   * Nobody gets it before the result of the turn that had it last is applied, if there is one.
   *
   * @throws OrchestraError `unavailable` when Redis or the results stream cannot be reached.
   */
  async begin(request: BeginRequest): Promise<BeginReply> {
    const { redis, catchUpGate, metrics } = this.#o;
    // Without Redis the script below says so: the turn goes on without history instead of waiting for one.
    if (redis.isUp && !catchUpGate.isOpen) {
      metrics.turnBegins.inc({ outcome: "catching_up" });
      return { status: "busy", reason: "catching_up", retryAfterMs: BUSY_RETRY_AFTER_MS };
    }
    const reply = await this.#beginInRounds(request);
    metrics.turnBegins.inc({ outcome: reply.status });
    return reply;
  }

  /** Extends the lease while it is this attempt's: `held: false` means that the caller must stop. */
  async renew({ owner, sessionId, turnId, fence, handOver = false }: RenewRequest): Promise<{ held: boolean }> {
    const { redis, leaseTtlMs, turnStateTtlMs, metrics } = this.#o;
    const keys = [sessionKeys(owner, sessionId).control, turnStateKey({ owner, sessionId, turnId })];
    const args = [turnId, fence, leaseTtlMs, turnStateTtlMs, handOver ? 1 : 0];
    const held = (await redis.run(renewLeaseScript, keys, args)) === 1;
    if (!held) metrics.leaseRefusals.inc();
    return { held };
  }

  async #beginInRounds(request: BeginRequest): Promise<BeginReply> {
    let abandonedFence = "";
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const reply = await this.#runBegin(request, abandonedFence);
      switch (reply[0]) {
        case "granted": {
          const [, fence, ...texts] = reply;
          return { status: "granted", fence, leaseTtlMs: this.#o.leaseTtlMs, messages: toContextMessages(texts) };
        }
        case "busy":
          return toBusyReply(reply[1], reply[2]);
        case "done":
          return { status: "done" };
        case "exhausted":
          return { status: "exhausted", starts: reply[1] };
        case "expired": {
          const [, turnId, fence] = reply;
          const isApplied = await this.#applyWaitingResult({ ...request, turnId });
          if (!isApplied) abandonedFence = fence;
        }
      }
    }
    return { status: "busy", reason: "catching_up", retryAfterMs: BUSY_RETRY_AFTER_MS };
  }

  async #runBegin(request: BeginRequest, abandonedFence: string): Promise<ScriptReply> {
    const { redis, leaseTtlMs, turnStateTtlMs, contextMaxMessages, contextMaxBytes } = this.#o;
    const { owner, sessionId, turnId, afterTurnId = "", attempt, order, useMemory } = request;
    const keys = sessionKeys(owner, sessionId);
    const reply = await redis.run(
      beginTurnScript,
      [
        keys.control,
        turnStateKey(request),
        turnStateKey({ owner, sessionId, turnId: afterTurnId }),
        keys.turns,
        keys.texts,
        keys.waiting,
      ],
      [
        turnId,
        attempt,
        order,
        afterTurnId,
        abandonedFence,
        leaseTtlMs,
        turnStateTtlMs,
        LIMITS.maxTurnStarts,
        useMemory ? contextMaxMessages : 0,
        contextMaxBytes,
      ],
    );
    return reply as ScriptReply;
  }

  /** The turn whose lease ran out may have ended without anybody telling Redis; true when its result is applied now. */
  async #applyWaitingResult(turn: TurnKey): Promise<boolean> {
    const { turnResults, resultApplier, logger } = this.#o;
    try {
      const found = await turnResults.get(subjects.turnResult(turn));
      if (found === undefined) return false;
      await resultApplier.apply(found.value, "recovery");
      return true;
    } catch (error) {
      if (OrchestraError.from(error).retryable) throw error;
      logger.error({ err: error, turnId: turn.turnId }, "a result cannot be applied; its session goes on without it");
      return false;
    }
  }
}

function toBusyReply(turnId: string, reason: "held" | "after" | "queued"): BeginReply {
  const retryAfterMs = reason === "queued" ? QUEUED_RETRY_AFTER_MS : BUSY_RETRY_AFTER_MS;
  return { status: "busy", holderTurnId: turnId, reason, retryAfterMs };
}

import type { Bus, Job, KvBucket, ResultStore } from "@ai-orchestra/bus";
import {
  cancelKey,
  type ContextMessage,
  memoryTurnBegin,
  OrchestraError,
  subjects,
  type TurnKey,
  type TurnRequest,
  type TurnResult,
} from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";

/** What an orchestrator may do with a turn that it pulled. */
export type TurnClaim =
  | { status: "granted"; fence: number | undefined; renewedAt: number; context: ContextMessage[]; degraded: boolean }
  /** It has a result already: announce that one. */
  | { status: "ended"; result: TurnResult }
  /** Somebody cancelled it while it waited. */
  | { status: "cancelled" }
  /** Its session is at work on another turn, or on a newer attempt of this one. */
  | { status: "busy"; holderTurnId: string | undefined; retryAfterMs: number }
  | { status: "exhausted"; starts: number }
  /** It ended so long ago that its result is gone: nothing is left to do. */
  | { status: "forgotten" };

export interface TurnClaimOptions {
  bus: Pick<Bus, "call">;
  clock: Clock;
  logger: Logger;
  turnResults: ResultStore<TurnResult>;
  cancels: KvBucket<{ at: number }>;
  /** How long after its submission a turn waits for the one before it, in milliseconds. */
  afterTurnWaitMs: number;
}

type Claimer = (job: Pick<Job<TurnRequest>, "data" | "sequence" | "deliveryCount">) => Promise<TurnClaim>;

/** Asks the bus and memory, at once, whether a pulled turn may run. Memory away means: yes, without history and lease. */
export function createTurnClaimer(options: TurnClaimOptions): Claimer {
  const { bus, clock, logger, turnResults, cancels, afterTurnWaitMs } = options;

  const begin = async (request: TurnRequest, order: number, attempt: number) => {
    const waitsForPrevious = request.afterTurnId !== undefined && clock.now() - request.submittedAt < afterTurnWaitMs;
    return bus.call(memoryTurnBegin, {
      owner: request.owner,
      sessionId: request.sessionId,
      turnId: request.turnId,
      order,
      attempt,
      useMemory: request.options.useMemory,
      ...(waitsForPrevious ? { afterTurnId: request.afterTurnId } : {}),
    });
  };

  return async ({ data: request, sequence, deliveryCount }) => {
    const key: TurnKey = request;
    const renewedAt = clock.monotonicMs();
    const asked = request.stateless
      ? undefined
      : begin(request, sequence, deliveryCount).catch((error: unknown) => OrchestraError.from(error));
    const [stored, cancel, begun] = await Promise.all([
      turnResults.get(subjects.turnResult(key)),
      cancels.get(cancelKey(key)),
      asked,
    ]);
    if (stored !== undefined) return { status: "ended", result: stored.value };
    if (begun === undefined) {
      if (cancel !== undefined) return { status: "cancelled" };
      return { status: "granted", fence: undefined, renewedAt, context: [], degraded: false };
    }
    if (begun instanceof OrchestraError) {
      if (cancel !== undefined) return { status: "cancelled" };
      logger.warn({ err: begun, turnId: key.turnId }, "memory is away: the turn runs without history");
      return { status: "granted", fence: undefined, renewedAt, context: [], degraded: true };
    }
    switch (begun.status) {
      case "granted":
        if (cancel !== undefined) return { status: "cancelled" };
        return { status: "granted", fence: begun.fence, renewedAt, context: begun.messages, degraded: false };
      case "busy":
        if (cancel !== undefined && begun.holderTurnId !== key.turnId) return { status: "cancelled" };
        return { status: "busy", holderTurnId: begun.holderTurnId, retryAfterMs: begun.retryAfterMs };
      case "exhausted":
        return { status: "exhausted", starts: begun.starts };
      case "done": {
        const result = await turnResults.get(subjects.turnResult(key));
        return result === undefined ? { status: "forgotten" } : { status: "ended", result: result.value };
      }
    }
  };
}

import type { Bus, Job, ResultStore } from "@ai-orchestra/bus";
import {
  type ContextMessage,
  LIMITS,
  memoryTurnBegin,
  OrchestraError,
  subjects,
  type TurnRequest,
  type TurnResult,
} from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";

type BusyReason = "held" | "after" | "queued" | "catching_up";

/** What an orchestrator may do with a turn that it pulled. */
export type TurnClaim =
  | { status: "granted"; fence: number | undefined; renewedAt: number; context: ContextMessage[]; degraded: boolean }
  /** It has a result already: announce that one. */
  | { status: "ended"; result: TurnResult }
  /** Its session is at work on another turn, or on a newer attempt of this one. */
  | { status: "busy"; holderTurnId: string | undefined; reason: BusyReason; retryAfterMs: number }
  | { status: "exhausted"; starts: number }
  /** It ended so long ago that its result is gone: nothing is left to do. */
  | { status: "forgotten" };

export interface TurnClaimOptions {
  bus: Pick<Bus, "call">;
  clock: Clock;
  logger: Logger;
  turnResults: ResultStore<TurnResult>;
  /** How long after its submission a turn waits for the one before it, in milliseconds. */
  afterTurnWaitMs: number;
}

type Claimer = (job: Pick<Job<TurnRequest>, "data" | "sequence" | "deliveryCount">) => Promise<TurnClaim>;

/**
 * Asks whether a pulled turn may run. A first attempt in a session asks memory alone, which knows the turns that are
 * done; the results are looked at where memory is not asked, does not answer, or where an attempt went before.
 */
export function createTurnClaimer({ bus, clock, logger, turnResults, afterTurnWaitMs }: TurnClaimOptions): Claimer {
  const findResult = async (request: TurnRequest): Promise<TurnResult | undefined> =>
    (await turnResults.get(subjects.turnResult(request)))?.value;

  const begin = (request: TurnRequest, order: number, attempt: number) => {
    const waitsForPrevious = request.afterTurnId !== undefined && clock.now() - request.submittedAt < afterTurnWaitMs;
    return bus
      .call(memoryTurnBegin, {
        owner: request.owner,
        sessionId: request.sessionId,
        turnId: request.turnId,
        order,
        attempt,
        useMemory: request.options.useMemory,
        ...(waitsForPrevious ? { afterTurnId: request.afterTurnId } : {}),
      })
      .catch((error: unknown) => OrchestraError.from(error));
  };

  return async ({ data: request, sequence, deliveryCount }) => {
    const renewedAt = clock.monotonicMs();
    if (request.stateless) {
      const result = await findResult(request);
      if (result !== undefined) return { status: "ended", result };
      // A stateless turn only comes back when its orchestrator died or shut down, so its deliveries are its starts.
      if (deliveryCount > LIMITS.maxTurnStarts) return { status: "exhausted", starts: deliveryCount - 1 };
      return { status: "granted", fence: undefined, renewedAt, context: [], degraded: false };
    }
    const [begun, earlier] = await Promise.all([
      begin(request, sequence, deliveryCount),
      deliveryCount > 1 ? findResult(request) : undefined,
    ]);
    if (earlier !== undefined) return { status: "ended", result: earlier };
    if (begun instanceof OrchestraError) {
      const result = await findResult(request);
      if (result !== undefined) return { status: "ended", result };
      logger.warn({ err: begun, turnId: request.turnId }, "memory is away: the turn runs without history");
      return { status: "granted", fence: undefined, renewedAt, context: [], degraded: true };
    }
    switch (begun.status) {
      case "granted":
        return { status: "granted", fence: begun.fence, renewedAt, context: begun.messages, degraded: false };
      case "busy":
        return { ...begun, holderTurnId: begun.holderTurnId };
      case "exhausted":
        return { status: "exhausted", starts: begun.starts };
      case "done": {
        const result = await findResult(request);
        return result === undefined ? { status: "forgotten" } : { status: "ended", result };
      }
    }
  };
}

import type { Bus, Job, ResultStore } from "@ai-orchestra/bus";
import { memoryTurnCommit, OrchestraError, subjects, type TurnRequest, type TurnResult } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { TurnEvents } from "./turn-events.js";

export interface TurnSettlementOptions {
  bus: Pick<Bus, "call">;
  clock: Clock;
  logger: Logger;
  turnResults: ResultStore<TurnResult>;
  job: Pick<Job<TurnRequest>, "ack">;
  turnEvents: TurnEvents;
  /** How long memory's direct commit may take; the results stream brings the result to it anyway. In milliseconds. */
  commitTimeoutMs: number;
  /** How long a result that the bus does not take is offered again, in milliseconds. */
  storeTimeoutMs: number;
}

const STORE_RETRY_MS = 100;

/** Ends a turn: stores its result unless there is one, announces whichever stands, commits it and acks the queue. */
export class TurnSettlement {
  readonly #options: TurnSettlementOptions;

  constructor(options: TurnSettlementOptions) {
    this.#options = options;
  }

  /** Resolves to the result that stands, or undefined when the bus was away too long: the queue brings the turn again. */
  async settle(result: TurnResult): Promise<TurnResult | undefined> {
    const standing = await this.#store(result);
    if (standing !== undefined) await this.announce(standing);
    return standing;
  }

  /** Announces a result that is stored, hands it to memory and acks the turn. */
  async announce(result: TurnResult): Promise<void> {
    const { bus, job, logger, turnEvents, commitTimeoutMs } = this.#options;
    turnEvents.ended(result);
    if (!result.stateless) {
      try {
        await bus.call(memoryTurnCommit, result, { timeoutMs: commitTimeoutMs });
      } catch (error) {
        logger.debug({ err: error, turnId: result.turnId }, "the direct commit failed; the results stream has it");
      }
    }
    job.ack();
  }

  async #store(result: TurnResult): Promise<TurnResult | undefined> {
    const { clock, logger, turnResults, storeTimeoutMs } = this.#options;
    const subject = subjects.turnResult(result);
    const giveUpAt = clock.monotonicMs() + storeTimeoutMs;
    for (;;) {
      try {
        const put = await turnResults.put(subject, result);
        if (put.status === "stored") return result;
        const first = await turnResults.get(subject);
        return first?.value ?? result;
      } catch (error) {
        const known = OrchestraError.from(error);
        if (!known.retryable || clock.monotonicMs() > giveUpAt) {
          logger.error({ err: error, turnId: result.turnId }, "the result could not be stored");
          return undefined;
        }
        await new Promise<void>((resolve) => clock.setTimeout(resolve, STORE_RETRY_MS));
      }
    }
  }
}

import type { Bus, Job, ResultStore } from "@ai-orchestra/bus";
import { memoryTurnCommit, OrchestraError, subjects, type TurnRequest, type TurnResult } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { TurnEvents } from "./turn-events.js";
import { buildOversizeResult } from "./turn-result.js";

export interface TurnSettlementOptions {
  bus: Pick<Bus, "call">;
  clock: Clock;
  logger: Logger;
  turnResults: ResultStore<TurnResult>;
  job: Pick<Job<TurnRequest>, "ack">;
  turnEvents: TurnEvents;
  /** How long memory may take to apply the result of a turn that ran without a lease, in milliseconds. */
  commitTimeoutMs: number;
  /** How long a result that the bus does not take is offered again, in milliseconds. */
  storeTimeoutMs: number;
}

const STORE_RETRY_MS = 100;

/**
 * Ends a turn: stores its result unless there is one, announces whichever stands and acks the queue. Memory reads the
 * result from the results stream, as soon as it is stored.
 */
export class TurnSettlement {
  readonly #options: TurnSettlementOptions;

  constructor(options: TurnSettlementOptions) {
    this.#options = options;
  }

  /** Resolves to the result that stands, or undefined when the bus was away too long: the queue brings the turn again. */
  async settle(result: TurnResult, degraded: boolean): Promise<TurnResult | undefined> {
    const standing = await this.#store(result);
    if (standing === undefined) return undefined;
    if (degraded) await this.#commit(standing);
    this.announce(standing);
    return standing;
  }

  /** Announces a result that is stored and acks the turn. */
  announce(result: TurnResult): void {
    const { job, turnEvents } = this.#options;
    turnEvents.ended(result);
    job.ack();
  }

  /**
   * A turn without a lease holds nothing that the session's next turn would wait for, so memory is given the chance to
   * apply its result before the client hears of it and answers.
   */
  async #commit(result: TurnResult): Promise<void> {
    const { bus, logger, commitTimeoutMs } = this.#options;
    try {
      await bus.call(memoryTurnCommit, result, { timeoutMs: commitTimeoutMs });
    } catch (error) {
      logger.debug({ err: error, turnId: result.turnId }, "memory is still away; the results stream has the result");
    }
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
        if (known.code === "too_large" && result.frame.type !== "turn.failed") {
          return await this.#store(buildOversizeResult(result));
        }
        if (!known.retryable || clock.monotonicMs() > giveUpAt) {
          logger.error({ err: error, turnId: result.turnId }, "the result could not be stored");
          return undefined;
        }
        await new Promise<void>((resolve) => clock.setTimeout(resolve, STORE_RETRY_MS));
      }
    }
  }
}

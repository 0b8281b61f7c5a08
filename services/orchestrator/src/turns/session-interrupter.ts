import type { Bus, KvBucket, ResultStore } from "@ai-orchestra/bus";
import { cancelKey, subjects, turnControl, type TurnKey, type TurnResult } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";

export interface SessionInterrupterOptions {
  bus: Pick<Bus, "call">;
  cancels: KvBucket<{ at: number }>;
  turnResults: Pick<ResultStore<TurnResult>, "get">;
  clock: Clock;
  logger: Logger;
}

/** Cancels the turn that holds a session, for a turn that must not wait behind it. */
export class SessionInterrupter {
  readonly #options: SessionInterrupterOptions;

  constructor(options: SessionInterrupterOptions) {
    this.#options = options;
  }

  /** Asks whoever runs the turn; where nobody does and it has not ended, leaves word for whoever pulls it next. */
  async interrupt(holder: TurnKey): Promise<void> {
    const { bus, cancels, clock, logger, turnResults } = this.#options;
    try {
      await bus.call(turnControl(holder), { op: "cancel" });
    } catch (error) {
      logger.debug({ err: error, turnId: holder.turnId }, "nobody runs the turn: the cancel waits for it");
      if ((await turnResults.get(subjects.turnResult(holder))) !== undefined) return;
      await cancels.put(cancelKey(holder), { at: clock.now() });
    }
  }
}

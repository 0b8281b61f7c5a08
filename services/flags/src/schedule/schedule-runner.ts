import { flagBucketKeys, OrchestraError, type FlagDefinition, type FlagRecord } from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import type { FlagStore } from "../definitions/flag-store.js";

export interface ScheduleRunnerOptions {
  readonly store: FlagStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly checkEveryMs: number;
}

/**
 * Makes scheduled changes when their time comes. Every replica tries; each change is written over the revision that
 * has it in its list, so that exactly one of them makes it.
 */
export class ScheduleRunner {
  readonly name = "schedule-runner";
  readonly #o: ScheduleRunnerOptions;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;

  constructor(o: ScheduleRunnerOptions) {
    this.#o = o;
  }

  start(): void {
    this.#timer ??= this.#o.clock.setInterval(() => {
      this.#running ??= this.runDue().finally(() => {
        this.#running = undefined;
      });
    }, this.#o.checkEveryMs);
  }

  async stop(): Promise<void> {
    this.#o.clock.clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  /** Makes every change that is due. What cannot be written now is tried again at the next check. */
  async runDue(): Promise<void> {
    const { store, clock, logger } = this.#o;
    const now = clock.now();
    for (const record of store.listFlags()) {
      if (!record.flag.schedule.some(({ at }) => Date.parse(at) <= now)) continue;
      try {
        await this.#apply(record, now);
      } catch (error) {
        const known = OrchestraError.from(error);
        if (known.code !== "conflict") logger.warn({ err: error, flag: record.flag.key }, "a scheduled change waits");
      }
    }
  }

  async #apply({ flag, revision }: FlagRecord, now: number): Promise<void> {
    await this.#o.store.write(
      flagBucketKeys.flag(flag.key),
      { kind: "flag", flag: applyDue(flag, now), change: { action: "schedule", by: "flags", at: now } },
      revision,
    );
  }
}

/** The definition after all changes that are due, in the order of their times; they leave its schedule. */
function applyDue(flag: FlagDefinition, now: number): FlagDefinition {
  const isDue = ({ at }: { readonly at: string }): boolean => Date.parse(at) <= now;
  const due = flag.schedule.filter(isDue).toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const changed = due.reduce<FlagDefinition>((before, { set }) => ({ ...before, ...set }), flag);
  return { ...changed, schedule: flag.schedule.filter((change) => !isDue(change)) };
}

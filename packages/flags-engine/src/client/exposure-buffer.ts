import type { Bus } from "@ai-orchestra/bus";
import {
  MAX_EXPOSURES_PER_BATCH,
  OrchestraError,
  subjects,
  type FlagExposure,
  type FlagOutcome,
} from "@ai-orchestra/contracts";

const FLUSH_EVERY_MS = 500;
/** Entries that wait at most; more are dropped, and counted. */
const MAX_WAITING = 20_000;
/** Exposures that are remembered, so that one user who asks again and again counts once in a while. */
const MAX_REMEMBERED = 50_000;

export interface ExposureBufferOptions {
  readonly bus: Pick<Bus, "publish">;
  readonly service: string;
  readonly instance: string;
}

/** Gathers exposures and outcomes and publishes them in batches; what the bus does not take waits, up to a bound. */
export class ExposureBuffer {
  readonly #options: ExposureBufferOptions;
  readonly #remembered = new Set<string>();
  #exposures: FlagExposure[] = [];
  #outcomes: FlagOutcome[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ExposureBufferOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.flush(), FLUSH_EVERY_MS).unref();
  }

  /** Publishes what waits, as far as the bus takes it. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.flush();
  }

  /** Counts one user's variant; again only after the definition changed or many others were counted. */
  addExposure(exposure: FlagExposure): void {
    const identity = `${exposure.flag} ${exposure.revision} ${exposure.variant} ${exposure.unit}`;
    if (this.#remembered.has(identity)) return;
    if (!this.#hasRoom()) return;
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
    this.#remembered.add(identity);
    this.#exposures.push(exposure);
  }

  addOutcome(outcome: FlagOutcome): void {
    if (this.#hasRoom()) this.#outcomes.push(outcome);
  }

  flush(): void {
    const { bus, service, instance } = this.#options;
    while (this.#exposures.length + this.#outcomes.length > 0) {
      const exposures = this.#exposures.slice(0, MAX_EXPOSURES_PER_BATCH);
      const outcomes = this.#outcomes.slice(0, MAX_EXPOSURES_PER_BATCH);
      try {
        bus.publish(subjects.flagExposures, { service, instance, exposures, outcomes, dropped: this.#dropped });
      } catch (error) {
        // They wait until the bus is back, or until there is no room for more.
        if (error instanceof OrchestraError && error.code === "unavailable") return;
        throw error;
      }
      this.#exposures = this.#exposures.slice(exposures.length);
      this.#outcomes = this.#outcomes.slice(outcomes.length);
      this.#dropped = 0;
    }
  }

  #hasRoom(): boolean {
    if (this.#exposures.length + this.#outcomes.length < MAX_WAITING) return true;
    this.#dropped += 1;
    return false;
  }
}

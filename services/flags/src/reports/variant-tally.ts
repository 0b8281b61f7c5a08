import type { FlagExposure, FlagOutcome, FlagVariantReport } from "@ai-orchestra/contracts";
import { z } from "zod";
import { DistinctCounter } from "./distinct-counter.js";

const count = z.int().nonnegative().default(0);

/** What was counted for one variant, as it is stored. */
export const storedTallySchema = z.object({
  exposures: count,
  /** A `DistinctCounter`. */
  units: z.string().default(""),
  completed: count,
  failed: count,
  cancelled: count,
  latencyCount: count,
  latencySumMs: z.number().default(0),
  qualityCount: count,
  qualitySum: z.number().default(0),
});

type StoredTally = z.output<typeof storedTallySchema>;
type Sums = Omit<StoredTally, "units">;

/** Counts the exposures and outcomes of one variant; two tallies add up. */
export class VariantTally {
  readonly #sums: { -readonly [Name in keyof Sums]: Sums[Name] };
  readonly #units: DistinctCounter;

  constructor(stored: StoredTally = storedTallySchema.parse({})) {
    const { units, ...sums } = stored;
    this.#sums = sums;
    this.#units = DistinctCounter.decode(units);
  }

  addExposure({ unit }: FlagExposure): void {
    this.#sums.exposures += 1;
    this.#units.add(unit);
  }

  addOutcome({ outcome, latencyMs, qualityScore }: FlagOutcome): void {
    this.#sums[outcome] += 1;
    if (latencyMs !== undefined) {
      this.#sums.latencyCount += 1;
      this.#sums.latencySumMs += latencyMs;
    }
    if (qualityScore !== undefined) {
      this.#sums.qualityCount += 1;
      this.#sums.qualitySum += qualityScore;
    }
  }

  merge(other: VariantTally): void {
    for (const name of Object.keys(this.#sums) as (keyof Sums)[]) this.#sums[name] += other.#sums[name];
    this.#units.merge(other.#units);
  }

  toStored(): StoredTally {
    return { ...this.#sums, units: this.#units.encode() };
  }

  toReport(variant: string): FlagVariantReport {
    const { exposures, completed, failed, cancelled, latencyCount, latencySumMs, qualityCount, qualitySum } =
      this.#sums;
    return {
      variant,
      exposures,
      units: this.#units.estimate(),
      outcomes: { completed, failed, cancelled },
      meanLatencyMs: latencyCount === 0 ? null : latencySumMs / latencyCount,
      meanQualityScore: qualityCount === 0 ? null : qualitySum / qualityCount,
    };
  }
}

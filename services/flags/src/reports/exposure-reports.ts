import { openKv, type Bus, type BusSubscription, type KvBucket, type StreamStorage } from "@ai-orchestra/bus";
import {
  BUCKETS,
  flagExposureBatchSchema,
  OrchestraError,
  subjects,
  type FlagExposureBatch,
  type FlagReport,
} from "@ai-orchestra/contracts";
import type { Clock, Timer } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import { z } from "zod";
import type { FlagStore } from "../definitions/flag-store.js";
import { storedTallySchema, VariantTally } from "./variant-tally.js";

/** Variants that are counted for one flag; names beyond are left out. */
const MAX_VARIANTS = 40;
const MAX_WRITE_TRIES = 5;

const storedReportSchema = z.object({
  /** Epoch milliseconds of the first thing that was counted. */
  since: z.number(),
  variants: z.record(z.string(), storedTallySchema),
});

export type StoredReport = z.output<typeof storedReportSchema>;

/** One report for each flag, under the flag's key. */
export function openReportBucket(
  bus: Bus,
  topology: { readonly replicas: number; readonly storage: StreamStorage },
): Promise<KvBucket<StoredReport>> {
  return openKv(bus, { bucket: BUCKETS.flagReports, schema: storedReportSchema, ...topology });
}

export interface ExposureReportsOptions {
  readonly bus: Bus;
  readonly bucket: KvBucket<StoredReport>;
  readonly store: FlagStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly flushEveryMs: number;
}

/**
 * Counts exposures and outcomes. Replicas share the batches, and each adds what it counted to the stored reports every
 * few moments; a report is therefore the sum of all. Bounded by the flags and variants that there are.
 */
export class ExposureReports {
  readonly name = "exposure-reports";
  readonly #o: ExposureReportsOptions;
  #counted = new Map<string, Map<string, VariantTally>>();
  #subscription: BusSubscription | undefined;
  #timer: Timer | undefined;
  #flushing: Promise<void> | undefined;

  constructor(o: ExposureReportsOptions) {
    this.#o = o;
  }

  start(): void {
    const { bus, clock, flushEveryMs } = this.#o;
    this.#subscription ??= bus.subscribe(
      subjects.flagExposures,
      (message) => {
        const batch = parseBatch(message.text());
        if (batch !== undefined) this.count(batch);
      },
      { queue: "flags" },
    );
    this.#timer ??= clock.setInterval(() => {
      this.#flushing ??= this.flush().finally(() => {
        this.#flushing = undefined;
      });
    }, flushEveryMs);
  }

  async stop(): Promise<void> {
    this.#subscription?.unsubscribe();
    this.#o.clock.clearInterval(this.#timer);
    await this.#flushing;
    await this.flush();
  }

  count({ exposures, outcomes }: FlagExposureBatch): void {
    for (const exposure of exposures) this.#tallyOf(exposure)?.addExposure(exposure);
    for (const outcome of outcomes) this.#tallyOf(outcome)?.addOutcome(outcome);
  }

  /** Adds what was counted to the stored reports. What cannot be written is counted again with the next flush. */
  async flush(): Promise<void> {
    const counted = this.#counted;
    this.#counted = new Map();
    for (const [flag, tallies] of counted) {
      try {
        await this.#store(flag, tallies);
      } catch (error) {
        this.#o.logger.warn({ err: error, flag }, "a report waits to be written");
        for (const [variant, tally] of tallies) this.#tallyOf({ flag, variant })?.merge(tally);
      }
    }
  }

  /** What all replicas have written; at most one flush behind what happened. */
  async read(flag: string): Promise<FlagReport> {
    const stored = (await this.#o.bucket.get(flag))?.value;
    return {
      flag,
      since: stored === undefined ? null : new Date(stored.since).toISOString(),
      variants: Object.entries(stored?.variants ?? {})
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .map(([variant, tally]) => new VariantTally(tally).toReport(variant)),
    };
  }

  #tallyOf({ flag, variant }: { readonly flag: string; readonly variant: string }): VariantTally | undefined {
    if (this.#o.store.findFlag(flag) === undefined) return undefined;
    const tallies = this.#counted.get(flag) ?? new Map<string, VariantTally>();
    this.#counted.set(flag, tallies);
    const known = tallies.get(variant);
    if (known !== undefined || tallies.size >= MAX_VARIANTS) return known;
    const tally = new VariantTally();
    tallies.set(variant, tally);
    return tally;
  }

  async #store(flag: string, tallies: ReadonlyMap<string, VariantTally>): Promise<void> {
    const { bucket, clock } = this.#o;
    for (let tries = 1; ; tries += 1) {
      const entry = await bucket.get(flag);
      const report = mergeReport(entry?.value ?? { since: clock.now(), variants: {} }, tallies);
      try {
        if (entry === undefined) await bucket.create(flag, report);
        else await bucket.update(flag, report, entry.revision);
        return;
      } catch (error) {
        const isRace = error instanceof OrchestraError && error.code === "conflict";
        if (!isRace || tries >= MAX_WRITE_TRIES) throw error;
      }
    }
  }
}

function mergeReport(stored: StoredReport, tallies: ReadonlyMap<string, VariantTally>): StoredReport {
  const variants = { ...stored.variants };
  for (const [variant, tally] of tallies) {
    if (variants[variant] === undefined && Object.keys(variants).length >= MAX_VARIANTS) continue;
    const sum = new VariantTally(variants[variant]);
    sum.merge(tally);
    variants[variant] = sum.toStored();
  }
  return { since: stored.since, variants };
}

function parseBatch(text: string): FlagExposureBatch | undefined {
  try {
    return flagExposureBatchSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

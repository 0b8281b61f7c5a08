import { z } from "zod";

/** Environment variables of the flags service, beside those every service has. */
export const envSchema = z.object({
  FLAG_SCHEDULE_CHECK_MS: wholeNumber(50, 60_000)
    .default(1_000)
    .describe("How often scheduled changes are looked at; a change is late by this much at most."),
  FLAG_REPORT_FLUSH_MS: wholeNumber(50, 60_000)
    .default(2_000)
    .describe("How often counted exposures and outcomes are written; a crash loses what was counted since."),
  JETSTREAM_REPLICAS: wholeNumber(1, 5).default(1).describe("Replicas of the bus's streams."),
});

export type FlagsConfig = z.output<typeof envSchema>;

function wholeNumber(min: number, max: number) {
  return z.coerce.number<string>().int().min(min).max(max);
}

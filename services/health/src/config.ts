import { SERVICES, type ServiceName } from "@ai-orchestra/contracts";
import { z } from "zod";

const names = Object.keys(SERVICES) as [ServiceName, ...ServiceName[]];

/** Environment variables of the health service, beside those every service has. */
export const envSchema = z.object({
  HEALTH_EXPECTED_SERVICES: z
    .string()
    .transform((list) => list.split(",").map((name) => name.trim()))
    .pipe(z.array(z.enum(names)))
    .prefault("gateway,orchestrator,memory")
    .describe("Services that count as down when they were never heard of; others count once they were."),
  HEALTH_START_GRACE_MS: wholeNumber(0, 600_000)
    .default(30_000)
    .describe("How long after its own start a service that was never heard of is not held against the system."),
  HEALTH_LOST_AFTER_MS: wholeNumber(1_500, 60_000)
    .default(3_500)
    .describe("An instance whose last heartbeat is older than this is lost."),
  HEALTH_WORSEN_AFTER_MS: wholeNumber(0, 60_000)
    .default(2_000)
    .describe("How long the score must be bad, in all within 10 s, before the level falls."),
  HEALTH_IMPROVE_AFTER_MS: wholeNumber(0, 600_000)
    .default(15_000)
    .describe("How long the score must be good without a break before the level rises."),
  HEALTH_DWELL_MS: wholeNumber(0, 600_000)
    .default(10_000)
    .describe("How long a level that has just changed does not rise."),
  HEALTH_DISCOVERY_INTERVAL_MS: wholeNumber(1_000, 600_000)
    .default(5_000)
    .describe("Pause between two looks into the NATS service directory."),
  JETSTREAM_REPLICAS: wholeNumber(1, 5).default(1).describe("Replicas of the bus's streams."),
});

export type HealthConfig = z.output<typeof envSchema>;

function wholeNumber(min: number, max: number) {
  return z.coerce.number<string>().int().min(min).max(max);
}

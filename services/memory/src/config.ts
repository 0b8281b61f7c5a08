import { z } from "zod";

const HOUR_MS = 3_600_000;

/** Environment variables of the memory service, beside those every service has. */
export const envSchema = z.object({
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "must begin with redis:// or rediss://")
    .default("redis://127.0.0.1:6379")
    .describe("Where sessions are kept: `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS."),
  REDIS_COMMAND_TIMEOUT_MS: wholeNumber(10, 10_000)
    .default(250)
    .describe("How long one Redis command may take before the call fails with `unavailable`."),
  SESSION_MAX_MESSAGES: wholeNumber(2, 100_000)
    .default(1_000)
    .describe("Messages a session keeps; the oldest turns go first. The newest turn always stays."),
  SESSION_MAX_BYTES: wholeNumber(1_024, 64 * 1_048_576)
    .default(1_048_576)
    .describe("UTF-8 bytes of text a session keeps; the oldest turns go first. The newest turn always stays."),
  SESSIONS_PER_CLIENT: wholeNumber(1, 100_000)
    .default(500)
    .describe("Sessions a client keeps; the ones idle for longest go first."),
  SESSION_TTL_MS: wholeNumber(1_000, 3_650 * 24 * HOUR_MS)
    .default(30 * 24 * HOUR_MS)
    .describe("How long a session is kept after its last turn."),
  CONTEXT_MAX_MESSAGES: wholeNumber(2, 1_000)
    .default(50)
    .describe("Messages of its session that a turn sees. The newest turn is always among them."),
  CONTEXT_MAX_BYTES: wholeNumber(1_024, 131_072)
    .default(98_304)
    .describe("UTF-8 bytes of its session that a turn sees. The newest turn is always among them."),
  LEASE_TTL_MS: wholeNumber(100, 600_000)
    .default(15_000)
    .describe(
      "How long a session stays leased to a turn that stopped renewing. Longer than the queue's redelivery (5 s), so that the turn's next attempt comes first.",
    ),
  CONNECTION_LEASE_TTL_MS: wholeNumber(300, 15_000)
    .default(12_000)
    .describe("How long a client's connection counts after its gateway stopped renewing it."),
  TURN_STATE_TTL_MS: wholeNumber(25 * HOUR_MS, 30 * 24 * HOUR_MS)
    .default(48 * HOUR_MS)
    .describe(
      "How long it is remembered that a turn was applied. Longer than the results stream keeps results (24 h).",
    ),
  COMMIT_LOG_CONCURRENCY: wholeNumber(1, 1_000).default(32).describe("Results applied at the same time."),
  GC_INTERVAL_MS: wholeNumber(50, 24 * HOUR_MS)
    .default(60_000)
    .describe("Pause between two runs of the garbage collector, give or take a fifth."),
  JETSTREAM_REPLICAS: wholeNumber(1, 5).default(1).describe("Replicas of the bus's streams."),
});

export type MemoryConfig = z.output<typeof envSchema>;

function wholeNumber(min: number, max: number) {
  return z.coerce.number<string>().int().min(min).max(max);
}

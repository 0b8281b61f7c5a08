import { z } from "zod";

/** Environment variables of the orchestrator, beside those every service has. */
export const envSchema = z.object({
  ORCHESTRATOR_SLOTS: z.coerce
    .number()
    .int()
    .min(4)
    .max(10_000)
    .default(256)
    .describe("Turns that one process works on at the same time."),
  TURN_COALESCE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000)
    .default(5)
    .describe(
      "How long text waits to be sent together with what follows, in milliseconds; the first piece never waits.",
    ),
  TURN_COMMIT_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(10)
    .default(300)
    .describe("How long memory may take to apply the result of a turn that ran without history, in milliseconds."),
  ORCHESTRA_BUILTIN_TOKEN_DELAY_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10_000)
    .default(10)
    .describe("Pause between two words of the built-in offline model, in milliseconds."),
  ORCHESTRA_CONFIG: z
    .string()
    .optional()
    .describe(
      "Path of the models file. Default: `orchestra.config.yaml` in the working directory, where there is one.",
    ),
  ORCHESTRA_DEFAULT_MODEL: z.string().optional().describe("Model that answers when a client names none."),
  OPENAI_API_KEY: z.string().optional().describe("Key for OpenAI or the endpoint of `OPENAI_BASE_URL`."),
  OPENAI_BASE_URL: z
    .string()
    .optional()
    .describe("Address of an OpenAI-compatible endpoint, up to and including `/v1`."),
  ANTHROPIC_API_KEY: z.string().optional().describe("Key for Anthropic's models."),
  GOOGLE_GENERATIVE_AI_API_KEY: z.string().optional().describe("Key for Google's models."),
  OLLAMA_BASE_URL: z.string().optional().describe("Address of an Ollama server, for example `http://127.0.0.1:11434`."),
  MODEL_PROBE_INTERVAL_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(600_000)
    .default(1_000)
    .describe(
      "Pause between two one-token requests to a model that failed too often, in milliseconds; they show when it is back without risking turns. 0 leaves that to turns.",
    ),
  ANSWER_CACHE_MAX_ENTRIES: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(2_000)
    .describe("Answers that one process keeps for when every model fails."),
  ANSWER_CACHE_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(65_536)
    .default(33_554_432)
    .describe("Bytes that those answers may take together."),
  ORCHESTRA_REGION: z.string().max(64).optional().describe("Where this process runs; canary flags ask for it."),
  JETSTREAM_REPLICAS: z.coerce.number().int().min(1).max(5).default(1).describe("Replicas of the bus's streams."),
});

export type OrchestratorConfig = z.output<typeof envSchema>;

/** The raw environment: the models file may name any variable as the place of a key. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

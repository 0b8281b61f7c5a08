import { z } from "zod";

/** Of a model, its provider or the whole file; the closest one counts. */
const timeoutSettingsSchema = z.strictObject({
  /** Milliseconds from the request to the first token. */
  firstTokenMs: z.int().min(100).max(600_000).optional(),
  /** Milliseconds between two tokens. */
  idleMs: z.int().min(100).max(600_000).optional(),
  /** Milliseconds from the request to the end; absent: the turn's own deadline. */
  totalMs: z.int().min(100).max(600_000).optional(),
});

const modelSettingsSchema = z.strictObject({
  name: z.string().regex(/^[^\s]{1,120}$/, "must be 1 to 120 characters without spaces"),
  /** The upstream's name for the model; default `name`. */
  upstream: z.string().min(1).max(200).optional(),
  timeouts: timeoutSettingsSchema.optional(),
  limits: z.strictObject({ maxOutputTokens: z.int().min(1).optional() }).optional(),
  prices: z.strictObject({ inputPerMillion: z.number().min(0), outputPerMillion: z.number().min(0) }).optional(),
  fallbacks: z.array(z.string()).max(8).optional(),
});

const variableName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]{0,99}$/, "must be the name of an environment variable, never a key itself");

const baseUrl = z.url({ protocol: /^https?$/, error: "must be an http or https address" });

const networked = {
  maxConnections: z.int().min(1).max(10_000).default(256),
  connectTimeoutMs: z.int().min(10).max(60_000).default(5_000),
  timeouts: timeoutSettingsSchema.optional(),
};

const openAiSettingsSchema = z.strictObject({
  kind: z.literal("openai"),
  baseUrl: baseUrl.default("https://api.openai.com/v1"),
  apiKeyEnv: variableName.optional(),
  /** Whether to ask for token counts; some servers refuse `stream_options`. */
  includeUsage: z.boolean().default(true),
  ...networked,
  /** Absent: the endpoint is asked what it has. */
  models: z.array(modelSettingsSchema).min(1).optional(),
});

const anthropicSettingsSchema = z.strictObject({
  kind: z.literal("anthropic"),
  baseUrl: baseUrl.optional(),
  apiKeyEnv: variableName.default("ANTHROPIC_API_KEY"),
  ...networked,
  models: z.array(modelSettingsSchema).min(1),
});

const googleSettingsSchema = z.strictObject({
  kind: z.literal("google"),
  baseUrl: baseUrl.optional(),
  apiKeyEnv: variableName.default("GOOGLE_GENERATIVE_AI_API_KEY"),
  ...networked,
  models: z.array(modelSettingsSchema).min(1),
});

const builtinSettingsSchema = z.strictObject({
  kind: z.literal("builtin"),
  tokenDelayMs: z.int().min(0).max(10_000).default(10),
  timeouts: timeoutSettingsSchema.optional(),
  models: z
    .array(modelSettingsSchema)
    .min(1)
    .default([{ name: "builtin" }]),
});

const generatorSettingsSchema = z.strictObject({
  kind: z.literal("generator"),
  tokens: z.int().min(1).max(1_000_000).default(64),
  tokenDelayMs: z.int().min(0).max(10_000).default(0),
  timeouts: timeoutSettingsSchema.optional(),
  models: z
    .array(modelSettingsSchema)
    .min(1)
    .default([{ name: "generator" }]),
});

export const providerSettingsSchema = z.discriminatedUnion("kind", [
  openAiSettingsSchema,
  anthropicSettingsSchema,
  googleSettingsSchema,
  builtinSettingsSchema,
  generatorSettingsSchema,
]);

/** Which models there are and how each is reached: the contents of a models file, or what the environment stands for. */
export const modelSettingsFileSchema = z.strictObject({
  /** Answers when a client names no model. Absent: the first model of the first provider. */
  default: z.string().optional(),
  /** The model for each mode, when a client names none. */
  modes: z
    .strictObject({
      lite: z.string().optional(),
      balanced: z.string().optional(),
      quality: z.string().optional(),
      auto: z.string().optional(),
    })
    .default({}),
  timeouts: timeoutSettingsSchema.optional(),
  providers: z
    .record(
      z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, "must be letters, digits, _ or -"),
      providerSettingsSchema,
    )
    .refine((providers) => Object.keys(providers).length > 0, "must name at least one provider"),
});

export type ModelSettings = z.output<typeof modelSettingsSchema>;
export type ProviderSettings = z.output<typeof providerSettingsSchema>;
export type CatalogSettings = z.output<typeof modelSettingsFileSchema>;

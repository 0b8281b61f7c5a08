import { modelSettingsFileSchema, type CatalogSettings } from "./model-settings.js";
import { ModelsFileError } from "./models-file-error.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Models that are offered where a key is all we know. Anything else can be named in a models file. */
const OPENAI_MODELS = ["gpt-4.1-mini", "gpt-4.1", "gpt-4.1-nano", "gpt-5-mini", "gpt-5"];
const ANTHROPIC_MODELS = ["claude-sonnet-5", "claude-opus-5", "claude-haiku-4-5"];
const GOOGLE_MODELS = ["gemini-flash-latest", "gemini-pro-latest", "gemini-flash-lite-latest"];

const OPENAI_KEY = { apiKeyEnv: "OPENAI_API_KEY" };

/**
 * The models that the well-known variables stand for, none if none of them is set. Throws a `ModelsFileError` that names
 * a variable with an address that is none.
 */
export function readEnvironmentModels(env: Environment): CatalogSettings["providers"] {
  const { OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY, GOOGLE_GENERATIVE_AI_API_KEY, OLLAMA_BASE_URL } = env;
  const providers: Record<string, object> = {};
  if (OPENAI_BASE_URL) {
    const baseUrl = checkAddress("OPENAI_BASE_URL", OPENAI_BASE_URL);
    providers["openai"] = { kind: "openai", baseUrl, ...(OPENAI_API_KEY ? OPENAI_KEY : {}) };
  } else if (OPENAI_API_KEY) {
    providers["openai"] = { kind: "openai", ...OPENAI_KEY, models: toModels(OPENAI_MODELS) };
  }
  if (ANTHROPIC_API_KEY) providers["anthropic"] = { kind: "anthropic", models: toModels(ANTHROPIC_MODELS) };
  if (GOOGLE_GENERATIVE_AI_API_KEY) providers["google"] = { kind: "google", models: toModels(GOOGLE_MODELS) };
  if (OLLAMA_BASE_URL) {
    const baseUrl = checkAddress("OLLAMA_BASE_URL", toOpenAiPath(OLLAMA_BASE_URL));
    providers["ollama"] = { kind: "openai", baseUrl };
  }
  if (Object.keys(providers).length === 0) return {};
  return modelSettingsFileSchema.parse({ providers }).providers;
}

function toModels(names: readonly string[]): object[] {
  return names.map((name) => ({ name }));
}

/** Ollama speaks OpenAI's API below `/v1`; its own variable is written without, and often without a protocol. */
function toOpenAiPath(url: string): string {
  const trimmed = url.replace(/\/+$/, "");
  const withProtocol = /^https?:\/\//.test(trimmed) ? trimmed : `http://${trimmed}`;
  return withProtocol.endsWith("/v1") ? withProtocol : `${withProtocol}/v1`;
}

function checkAddress(variable: string, url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new ModelsFileError("environment", [{ field: variable, message: "must be an http or https address" }]);
}

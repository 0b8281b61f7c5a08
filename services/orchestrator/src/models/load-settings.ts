import { chooseDefault } from "./choose-default.js";
import { modelSettingsFileSchema, type CatalogSettings } from "./model-settings.js";
import { ModelsFileError } from "./models-file-error.js";
import { parseModelsFile } from "./parse-models-file.js";
import { readEnvironmentModels, type Environment } from "./read-environment-models.js";

/** Only the offline model: what is there before anything is loaded. */
export const BUILTIN_SETTINGS: CatalogSettings = modelSettingsFileSchema.parse({
  providers: { orchestra: { kind: "builtin" } },
});

export interface SettingsSource {
  /** The models file's contents; `undefined` where there is none, and the environment decides. */
  text: string | undefined;
  path: string;
  env: Environment;
}

/**
 * Which models there are: the file's, or those the environment stands for; always with the offline model, and with the
 * choice of `ORCHESTRA_DEFAULT_MODEL`. Throws a `ModelsFileError` that says what is wrong and where.
 */
export function loadSettings({ text, path, env }: SettingsSource): CatalogSettings {
  const loaded =
    text === undefined ? { ...BUILTIN_SETTINGS, providers: readEnvironmentModels(env) } : parseModelsFile(text, path);
  const settings = { ...loaded, providers: { ...readBuiltin(env), ...loaded.providers } };
  const name = env["ORCHESTRA_DEFAULT_MODEL"];
  if (!name) return settings;
  const chosen = chooseDefault(settings, { name, mayAdd: text === undefined });
  if (chosen !== undefined) return chosen;
  const message = `names ${name}, which is none of the models or not only one of them`;
  throw new ModelsFileError(text === undefined ? "environment" : path, [{ field: "ORCHESTRA_DEFAULT_MODEL", message }]);
}

function readBuiltin(env: Environment): CatalogSettings["providers"] {
  const variable = "ORCHESTRA_BUILTIN_TOKEN_DELAY_MS";
  const text = env[variable];
  if (!text) return BUILTIN_SETTINGS.providers;
  const parsed = modelSettingsFileSchema.safeParse({
    providers: { orchestra: { kind: "builtin", tokenDelayMs: Number(text) } },
  });
  if (parsed.success) return parsed.data.providers;
  throw new ModelsFileError("environment", [{ field: variable, message: "must be milliseconds from 0 to 10000" }]);
}

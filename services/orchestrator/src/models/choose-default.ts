import { findModelId } from "./find-model-id.js";
import type { CatalogSettings, ModelSettings } from "./model-settings.js";

export interface DefaultChoice {
  /** What the operator asked for: `provider/name` or a bare name. */
  name: string;
  /** Whether a name nobody declared is taken at its word: so it is where the lists are only ours. */
  mayAdd: boolean;
}

/**
 * Makes a model the default. A name that is not declared is left to an endpoint that is asked for its models, or added to
 * the provider it names, or to the first one. Answers `undefined` if there is no such model.
 */
export function chooseDefault(settings: CatalogSettings, { name, mayAdd }: DefaultChoice): CatalogSettings | undefined {
  const match = findModelId(name, declaredIds(settings));
  if (match.kind === "found") return { ...settings, default: match.id };
  if (match.kind === "ambiguous") return undefined;

  const prefix = name.slice(0, Math.max(0, name.indexOf("/")));
  const named = settings.providers[prefix];
  const candidates = named === undefined ? Object.keys(settings.providers).filter(isNotBuiltin) : [prefix];
  const bareName = named === undefined ? name : name.slice(prefix.length + 1);
  const [asked, ...more] = candidates.filter((candidate) => settings.providers[candidate]?.models === undefined);
  if (asked !== undefined) return { ...settings, default: more.length === 0 ? `${asked}/${bareName}` : bareName };
  const [provider] = candidates;
  if (!mayAdd || provider === undefined || !isNotBuiltin(provider)) return undefined;
  return { ...addModel(settings, provider, { name: bareName }), default: `${provider}/${bareName}` };
}

function* declaredIds({ providers }: CatalogSettings): Generator<string> {
  for (const [provider, { models = [] }] of Object.entries(providers)) {
    for (const { name } of models) yield `${provider}/${name}`;
  }
}

function isNotBuiltin(provider: string): boolean {
  return provider !== "orchestra";
}

function addModel(settings: CatalogSettings, provider: string, model: ModelSettings): CatalogSettings {
  const changed = settings.providers[provider];
  if (changed === undefined) return settings;
  const models = [model, ...(changed.models ?? [])];
  return { ...settings, providers: { ...settings.providers, [provider]: { ...changed, models } } };
}

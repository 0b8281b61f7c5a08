import { OrchestraError, type TurnMode } from "@ai-orchestra/contracts";
import type { ChatProvider } from "../providers/chat-provider.js";
import { findModelId } from "./find-model-id.js";
import type { CatalogSettings, ModelSettings, ProviderSettings } from "./model-settings.js";
import type { ModelSummary, ModelTimeouts, ResolvedModel } from "./resolved-model.js";

const DEFAULT_TIMEOUTS: ModelTimeouts = { firstTokenMs: 30_000, idleMs: 20_000 };

/** The offline model, which is never a default unless it is the only one or chosen by name. */
const BUILTIN_ID = "orchestra/builtin";

export interface ModelSetOptions {
  settings: CatalogSettings;
  providers: ReadonlyMap<string, ChatProvider>;
  /** What endpoints without declared models were found to have. */
  discovered: ReadonlyMap<string, readonly string[]>;
}

/** The models at one moment; never changes. */
export class ModelSet {
  readonly #models: ReadonlyMap<string, ResolvedModel>;
  readonly #modes: CatalogSettings["modes"];
  readonly #defaultName: string | undefined;

  constructor({ settings, providers, discovered }: ModelSetOptions) {
    const models = new Map<string, ResolvedModel>();
    for (const [provider, providerSettings] of Object.entries(settings.providers)) {
      const chat = providers.get(provider);
      if (chat === undefined) continue;
      const known = discovered.get(provider) ?? [];
      const declared = providerSettings.models ?? [...known, ...namesMeantFor(provider, settings)].map(toModelSettings);
      for (const model of declared) {
        const resolved = toResolvedModel(provider, model, providerSettings, settings, chat);
        models.set(resolved.id, resolved);
      }
    }
    this.#models = models;
    this.#modes = settings.modes;
    this.#defaultName = settings.default ?? firstChoice(settings, models);
  }

  /** Throws `not_found`, or `provider_unavailable` while the default is not known yet. */
  resolve(name: string | undefined, mode: TurnMode): ResolvedModel {
    const wanted = name ?? this.#modes[mode] ?? this.#defaultName;
    if (wanted === undefined) {
      throw new OrchestraError("provider_unavailable", "no model endpoint has told yet which models it has");
    }
    const exact = this.#models.get(wanted);
    if (exact !== undefined) return exact;
    const match = findModelId(wanted, this.#models.keys());
    if (match.kind === "ambiguous") {
      throw new OrchestraError("not_found", `the model name ${wanted} is not unique: use ${match.ids.join(" or ")}`);
    }
    const model = match.kind === "found" ? this.#models.get(match.id) : undefined;
    if (model === undefined) throw new OrchestraError("not_found", `there is no model named ${wanted}`);
    return model;
  }

  /** Every model: the default first, the offline model last. */
  list(): ModelSummary[] {
    const match = this.#defaultName === undefined ? undefined : findModelId(this.#defaultName, this.#models.keys());
    const defaultId = match?.kind === "found" ? match.id : undefined;
    const rank = (id: string): number => (id === defaultId ? 0 : id === BUILTIN_ID ? 2 : 1);
    return [...this.#models.values()]
      .map(({ id, provider, name }) => ({ id, provider, name }))
      .sort((a, b) => rank(a.id) - rank(b.id));
  }
}

/**
 * Models of an endpoint that the settings use without declaring them: written in full, or a bare default that only an
 * endpoint can have. They count as there even while the endpoint says nothing, and by names that it takes for others.
 */
function namesMeantFor(provider: string, { default: chosen, modes, providers }: CatalogSettings): string[] {
  const used = [chosen, ...Object.values(modes)];
  for (const { models = [] } of Object.values(providers))
    used.push(...models.flatMap(({ fallbacks = [] }) => fallbacks));
  return used.flatMap((name) => (name?.startsWith(`${provider}/`) ? [name.slice(provider.length + 1)] : []));
}

function toModelSettings(name: string): ModelSettings {
  return { name };
}

/** The first model of the first provider; the offline one only if nothing else is configured. */
function firstChoice(settings: CatalogSettings, models: ReadonlyMap<string, ResolvedModel>): string | undefined {
  const first = [...models.keys()].find((id) => id !== BUILTIN_ID);
  if (first !== undefined) return first;
  return Object.keys(settings.providers).every((provider) => provider === "orchestra") ? BUILTIN_ID : undefined;
}

function toResolvedModel(
  provider: string,
  model: ModelSettings,
  providerSettings: ProviderSettings,
  settings: CatalogSettings,
  chat: ChatProvider,
): ResolvedModel {
  return {
    id: `${provider}/${model.name}`,
    provider,
    name: model.name,
    upstreamName: model.upstream ?? model.name,
    chat,
    endpoint: ("baseUrl" in providerSettings ? providerSettings.baseUrl : undefined) ?? provider,
    timeouts: { ...DEFAULT_TIMEOUTS, ...settings.timeouts, ...providerSettings.timeouts, ...model.timeouts },
    limits: model.limits ?? {},
    prices: model.prices,
    fallbacks: model.fallbacks ?? [],
  };
}

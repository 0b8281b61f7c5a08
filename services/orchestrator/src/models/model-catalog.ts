import { OrchestraError, type TurnMode } from "@ai-orchestra/contracts";
import { createBuiltinProvider } from "../providers/builtin/builtin-provider.js";
import type { ModelSummary, ResolvedModel } from "./resolved-model.js";

export interface ModelCatalogOptions {
  /** Where keys and addresses are looked up; pass `process.env` through the configuration. */
  env: Readonly<Record<string, string | undefined>>;
}

/** The models that can be asked. */
export class ModelCatalog {
  readonly #models: ResolvedModel[];

  constructor({ env }: ModelCatalogOptions) {
    const tokenDelayMs = Number(env["ORCHESTRA_BUILTIN_TOKEN_DELAY_MS"] ?? 10);
    this.#models = [
      {
        id: "orchestra/builtin",
        provider: "orchestra",
        name: "builtin",
        upstreamName: "builtin",
        chat: createBuiltinProvider({ tokenDelayMs }),
        endpoint: "orchestra",
        timeouts: { firstTokenMs: 30_000, idleMs: 20_000 },
        limits: {},
        fallbacks: [],
      },
    ];
  }

  /** The model of that name (`provider/name`, or the bare name where it is unique), or the one for `mode`. Throws `not_found`. */
  resolve(name: string | undefined, _mode: TurnMode): ResolvedModel {
    const found = this.#models.find((model) => name === undefined || model.id === name || model.name === name);
    if (found === undefined) throw new OrchestraError("not_found", `there is no model named ${name}`);
    return found;
  }

  /** Every model, the default first. */
  list(): ModelSummary[] {
    return this.#models.map(({ id, provider, name }) => ({ id, provider, name }));
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

import { readFile } from "node:fs/promises";
import type { TurnMode } from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { Logger } from "@ai-orchestra/telemetry";
import { EndpointDiscovery, type OpenEndpoint } from "./endpoint-discovery.js";
import { BUILTIN_SETTINGS, loadSettings } from "./load-settings.js";
import type { CatalogSettings } from "./model-settings.js";
import { ModelSet } from "./model-set.js";
import { ModelsFileError } from "./models-file-error.js";
import { ModelsFileWatch } from "./models-file-watch.js";
import { ProviderPool } from "./provider-pool.js";
import type { Environment } from "./read-environment-models.js";
import type { ModelSummary, ResolvedModel } from "./resolved-model.js";

const DEFAULT_PATH = "orchestra.config.yaml";
const DISCOVERY_TIMEOUT_MS = 2_000;
const DISCOVERY_REFRESH_MS = 60_000;
const DISCOVERY_RETRY_MS = 5_000;
const DEFAULT_POLL_MS = 500;

export interface ModelCatalogOptions {
  /** Where keys, addresses and the path of the models file are looked up. Empty values count as not set. */
  env: Environment;
  clock: Clock;
  logger: Logger;
  /** How often the models file is looked at. Default 500 ms. */
  pollMs?: number;
}

/** The models that can be asked: those of the models file where there is one, else what the environment stands for. */
export class ModelCatalog {
  readonly #options: ModelCatalogOptions;
  readonly #path: string;
  readonly #pool: ProviderPool;
  readonly #discovery: EndpointDiscovery;
  readonly #watch: ModelsFileWatch;
  /** The file's text that was read last, good or bad. */
  #text: string | undefined;
  #settings: CatalogSettings = BUILTIN_SETTINGS;
  #models: ModelSet;
  #reloading: Promise<void> = Promise.resolve();

  constructor(options: ModelCatalogOptions) {
    const { env, clock, logger, pollMs = DEFAULT_POLL_MS } = options;
    this.#options = options;
    this.#path = env["ORCHESTRA_CONFIG"] || DEFAULT_PATH;
    this.#pool = new ProviderPool({ env, clock });
    this.#discovery = new EndpointDiscovery({
      clock,
      logger,
      onChange: () => {
        this.#models = this.#buildModels();
      },
      timeoutMs: DISCOVERY_TIMEOUT_MS,
      refreshMs: DISCOVERY_REFRESH_MS,
      retryMs: DISCOVERY_RETRY_MS,
    });
    this.#watch = new ModelsFileWatch({
      path: this.#path,
      clock,
      pollMs,
      onChange: () => {
        this.#reloading = this.#reloading.then(() => this.#reload());
      },
    });
    this.#models = this.#buildModels();
  }

  /**
   * The model of that name: `provider/name`, or the bare name where it is unique. Without a name, the model of the mode
   * or the default. Throws `not_found`, or `provider_unavailable` while no endpoint has told yet what it has.
   */
  resolve(name: string | undefined, mode: TurnMode): ResolvedModel {
    return this.#models.resolve(name, mode);
  }

  /** Every model: the default first, the offline model last. */
  list(): ModelSummary[] {
    return this.#models.list();
  }

  /**
   * Loads the models, asks open endpoints what they have (2 s at most) and watches the file from then on. Rejects with
   * a `ModelsFileError` when the file, or the choice of `ORCHESTRA_DEFAULT_MODEL`, cannot be used.
   */
  async start(): Promise<void> {
    // Before the first reading, so that no change falls in between.
    this.#watch.start();
    try {
      await this.#loadFirst();
    } catch (thrown) {
      this.#watch.stop();
      throw thrown;
    }
  }

  /** Stops watching, lets running streams end and closes the connections. */
  async stop(): Promise<void> {
    this.#watch.stop();
    await this.#reloading;
    await this.#discovery.stop();
    await this.#pool.close();
  }

  async #loadFirst(): Promise<void> {
    const text = await this.#readFile();
    if (text === undefined && this.#options.env["ORCHESTRA_CONFIG"]) {
      throw new ModelsFileError(this.#path, [{ field: "", message: "there is no such file (ORCHESTRA_CONFIG)" }]);
    }
    this.#text = text;
    await this.#apply(this.#load(text));
  }

  /** A bad file changes nothing: what was loaded stays in force, and the log says what is wrong and where. */
  async #reload(): Promise<void> {
    const { logger } = this.#options;
    try {
      const text = await this.#readFile();
      if (text === this.#text) return;
      this.#text = text;
      if (text === undefined) throw new ModelsFileError(this.#path, [{ field: "", message: "the file is gone" }]);
      await this.#apply(this.#load(text));
      logger.info({ path: this.#path, models: this.list().length }, "models file reloaded");
    } catch (err) {
      const issues = err instanceof ModelsFileError ? err.issues : undefined;
      logger.error({ err, path: this.#path, issues }, "models file not usable, the last one stays in force");
    }
  }

  async #readFile(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, "utf8");
    } catch (cause) {
      if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
      throw new ModelsFileError(this.#path, [{ field: "", message: "cannot be read" }], { cause });
    }
  }

  #load(text: string | undefined): CatalogSettings {
    return loadSettings({ text, path: this.#path, env: this.#options.env });
  }

  async #apply(settings: CatalogSettings): Promise<void> {
    this.#warnOfMissingKeys(settings);
    this.#settings = settings;
    this.#models = this.#buildModels();
    const open = new Map<string, OpenEndpoint>();
    for (const [name, provider] of Object.entries(settings.providers)) {
      if (provider.kind !== "openai" || provider.models !== undefined) continue;
      open.set(name, { baseUrl: provider.baseUrl, apiKey: this.#pool.keyOf(provider) });
    }
    await this.#discovery.follow(open);
  }

  #buildModels(): ModelSet {
    return new ModelSet({
      settings: this.#settings,
      providers: this.#pool.update(this.#settings.providers),
      discovered: this.#discovery.models,
    });
  }

  #warnOfMissingKeys({ providers }: CatalogSettings): void {
    for (const [provider, settings] of Object.entries(providers)) {
      const variable = "apiKeyEnv" in settings ? settings.apiKeyEnv : undefined;
      if (variable === undefined || this.#pool.keyOf(settings) !== undefined) continue;
      this.#options.logger.warn({ provider, variable }, "the key of a provider is not set; its models will refuse");
    }
  }
}

import type { Clock } from "@ai-orchestra/service-kit";
import { createAiSdkProvider } from "../providers/ai-sdk/ai-sdk-provider.js";
import { createBuiltinProvider } from "../providers/builtin/builtin-provider.js";
import type { ChatProvider } from "../providers/chat-provider.js";
import { createGeneratorProvider } from "../providers/generator/generator-provider.js";
import { createOpenAiProvider } from "../providers/openai/openai-provider.js";
import { createRefusingProvider } from "../providers/refusing-provider.js";
import type { ProviderSettings } from "./model-settings.js";
import type { Environment } from "./read-environment-models.js";

export interface ProviderPoolOptions {
  env: Environment;
  clock: Clock;
}

interface PooledProvider {
  fingerprint: string;
  chat: ChatProvider;
}

/** Keeps one provider for each entry of the models file, over reloads too: only what changed is made anew. */
export class ProviderPool {
  readonly #options: ProviderPoolOptions;
  readonly #providers = new Map<string, PooledProvider>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: ProviderPoolOptions) {
    this.#options = options;
  }

  /** Makes the pool hold exactly these providers. Streams of those that are gone or changed run to their end. */
  update(settings: Readonly<Record<string, ProviderSettings>>): ReadonlyMap<string, ChatProvider> {
    const wanted = new Map<string, PooledProvider>();
    for (const [name, provider] of Object.entries(settings)) {
      const { models: _models, timeouts: _timeouts, ...connection } = provider;
      const apiKey = this.keyOf(provider);
      const fingerprint = JSON.stringify([connection, apiKey]);
      const current = this.#providers.get(name);
      const isUnchanged = current?.fingerprint === fingerprint;
      wanted.set(name, isUnchanged ? current : { fingerprint, chat: this.#create(name, provider, apiKey) });
    }
    for (const [name, { chat }] of this.#providers) {
      if (wanted.get(name)?.chat !== chat) this.#retire(chat);
    }
    this.#providers.clear();
    for (const [name, provider] of wanted) this.#providers.set(name, provider);
    return new Map([...wanted].map(([name, { chat }]) => [name, chat]));
  }

  /** The key of a provider, from the variable it names. */
  keyOf(settings: ProviderSettings): string | undefined {
    const variable = "apiKeyEnv" in settings ? settings.apiKeyEnv : undefined;
    return (variable === undefined ? undefined : this.#options.env[variable]) || undefined;
  }

  /** Waits for running streams and closes every connection. */
  async close(): Promise<void> {
    this.update({});
    await Promise.allSettled(this.#closing);
  }

  #create(name: string, settings: ProviderSettings, apiKey: string | undefined): ChatProvider {
    if ("apiKeyEnv" in settings && settings.apiKeyEnv !== undefined && apiKey === undefined) {
      return createRefusingProvider(`the provider ${name} has no key: ${settings.apiKeyEnv} is not set`);
    }
    const { clock } = this.#options;
    const now = (): number => clock.now();
    switch (settings.kind) {
      case "openai":
        return createOpenAiProvider({ ...settings, apiKey, now });
      case "anthropic":
      case "google":
        return createAiSdkProvider({ ...settings, vendor: settings.kind, apiKey: apiKey ?? "", now });
      case "builtin":
        return createBuiltinProvider(settings);
      case "generator":
        return createGeneratorProvider(settings);
    }
  }

  #retire(chat: ChatProvider): void {
    const closing = chat.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

import type { KvBucket, KvWatch } from "@ai-orchestra/bus";
import { OrchestraError, type ApiKeyRecord } from "@ai-orchestra/contracts";
import { equalHashes, generateApiKey, hashApiKey, readApiKeyId } from "./api-key.js";
import { createPrincipal, type Principal } from "./principal.js";

/** API keys at most; more cannot be made until some are revoked. */
const MAX_KEYS = 10_000;

export interface StoredApiKey {
  readonly id: string;
  readonly record: ApiKeyRecord;
}

export interface ApiKeyStoreOptions {
  readonly bucket: KvBucket<ApiKeyRecord>;
  /** Epoch ms. */
  readonly now: () => number;
  /** Called on every gateway, soon after a key was revoked on one of them. */
  readonly onRevoked: (id: string) => void;
}

/** The API keys that were made at run time: one bucket for the whole mesh, which every gateway watches. */
export class ApiKeyStore {
  readonly name = "api-keys";
  readonly #options: ApiKeyStoreOptions;
  readonly #records = new Map<string, ApiKeyRecord>();
  #watch: KvWatch<ApiKeyRecord> | undefined;

  constructor(options: ApiKeyStoreOptions) {
    this.#options = options;
  }

  /** Resolves when every key is known. */
  async start(): Promise<void> {
    this.#watch ??= this.#options.bucket.watch((change) => {
      if (change.operation === "put") this.#records.set(change.key, change.value);
      else this.#forget(change.key);
    });
    await this.#watch.ready;
  }

  stop(): void {
    this.#watch?.stop();
    this.#watch = undefined;
  }

  /** Whose key it is; undefined for a key that is unknown, revoked or past its end. */
  find(key: string): Principal | undefined {
    const id = readApiKeyId(key);
    const record = id === undefined ? undefined : this.#records.get(id);
    if (record === undefined || !equalHashes(record.hash, hashApiKey(key))) return undefined;
    if (record.expiresAt !== undefined && record.expiresAt <= this.#options.now()) return undefined;
    const { clientId, scopes, tier, groups, expiresAt } = record;
    return createPrincipal(clientId, { scopes, tier, groups, expiresAt, apiKeyId: id });
  }

  /** Newest first. */
  list(): StoredApiKey[] {
    const keys = [...this.#records].map(([id, record]) => ({ id, record }));
    return keys.toSorted((one, other) => other.record.createdAt - one.record.createdAt);
  }

  /** Makes a key. The answer is the only place where it ever stands. @throws OrchestraError `conflict` at the bound. */
  async create(about: Omit<ApiKeyRecord, "hash" | "createdAt">): Promise<StoredApiKey & { key: string }> {
    if (this.#records.size >= MAX_KEYS) {
      throw new OrchestraError("conflict", `there are ${MAX_KEYS} API keys already: revoke some`);
    }
    const { id, key } = generateApiKey();
    const record = { ...about, hash: hashApiKey(key), createdAt: this.#options.now() };
    await this.#options.bucket.create(id, record);
    this.#records.set(id, record);
    return { id, key, record };
  }

  /** False when there is no such key. */
  async revoke(id: string): Promise<boolean> {
    if (!this.#records.has(id)) return false;
    await this.#options.bucket.delete(id);
    this.#forget(id);
    return true;
  }

  #forget(id: string): void {
    if (this.#records.delete(id)) this.#options.onRevoked(id);
  }
}

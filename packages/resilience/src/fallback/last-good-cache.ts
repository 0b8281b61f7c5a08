import type { Clock } from "../clock.js";
import { requireCount } from "../require-option.js";

export interface LastGoodCacheOptions {
  clock: Clock;
  /** At the bound the entry that was used least recently makes room. */
  maxEntries: number;
  /** How old an answer may be: read anew each time, so that a degradation level can make it last longer. */
  readTtlMs: () => number;
}

export interface CachedValue<T> {
  value: T;
  ageMs: number;
}

/** The last good answer for each key, to be served when there is no new one. Store only good answers. */
export class LastGoodCache<T> {
  private readonly clock: Clock;
  private readonly maxEntries: number;
  private readonly readTtlMs: () => number;
  private readonly entries = new Map<string, { value: T; storedAtMs: number }>();

  constructor(options: LastGoodCacheOptions) {
    this.clock = options.clock;
    this.maxEntries = requireCount("maxEntries", options.maxEntries);
    this.readTtlMs = options.readTtlMs;
  }

  get size(): number {
    return this.entries.size;
  }

  /** The answer for `key` unless it is older than the TTL now; one that is stays until it is replaced or pushed out. */
  get(key: string): CachedValue<T> | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    const ageMs = this.clock.monotonicMs() - entry.storedAtMs;
    if (ageMs > this.readTtlMs()) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return { value: entry.value, ageMs };
  }

  set(key: string, value: T): void {
    this.entries.delete(key);
    this.entries.set(key, { value, storedAtMs: this.clock.monotonicMs() });
    if (this.entries.size <= this.maxEntries) return;
    const oldest = this.entries.keys().next();
    if (oldest.done !== true) this.entries.delete(oldest.value);
  }

  delete(key: string): void {
    this.entries.delete(key);
  }
}

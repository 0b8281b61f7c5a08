interface Bucket {
  tokens: number;
  updatedAtMs: number;
}

export interface TokenBucketsOptions {
  /** Tokens of a full bucket, which a new one is. */
  readonly capacity: number;
  /** Tokens that come back. */
  readonly perSecond: number;
  /** Buckets kept at most; the one not used for longest is forgotten, and is full when it comes back. */
  readonly maxBuckets: number;
  readonly monotonicMs: () => number;
}

/** A token bucket for each of many keys. */
export class TokenBuckets {
  readonly #options: TokenBucketsOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: TokenBucketsOptions) {
    this.#options = options;
  }

  /** Takes a token and returns 0, or, with none there, the milliseconds until there is one. */
  take(key: string): number {
    const bucket = this.#refill(key);
    if (bucket.tokens < 1) return this.#untilTokenMs(bucket);
    bucket.tokens -= 1;
    return 0;
  }

  /** Milliseconds until a token can be taken; 0 when one is there. */
  waitMs(key: string): number {
    if (!this.#buckets.has(key)) return 0;
    const bucket = this.#refill(key);
    return bucket.tokens < 1 ? this.#untilTokenMs(bucket) : 0;
  }

  #untilTokenMs({ tokens }: Bucket): number {
    return Math.ceil(((1 - tokens) / this.#options.perSecond) * 1_000);
  }

  #refill(key: string): Bucket {
    const { capacity, perSecond, maxBuckets, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, updatedAtMs: nowMs };
    bucket.tokens = Math.min(capacity, bucket.tokens + ((nowMs - bucket.updatedAtMs) / 1_000) * perSecond);
    bucket.updatedAtMs = nowMs;
    // Deleted first, so that the map stays in the order of the last use.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > maxBuckets) {
      for (const stalest of this.#buckets.keys()) {
        this.#buckets.delete(stalest);
        break;
      }
    }
    return bucket;
  }
}

import { OrchestraError } from "@ai-orchestra/contracts";
import { TokenBuckets } from "../connections/token-buckets.js";

/** Addresses that are remembered at most; the one that failed longest ago is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** Counts, for each address, the tokens that were refused. */
export class FailedAttempts {
  readonly #buckets: TokenBuckets;
  readonly #onRefused: () => void;

  constructor({
    maxPerMinute,
    monotonicMs,
    onRefused,
  }: {
    maxPerMinute: number;
    monotonicMs: () => number;
    onRefused: () => void;
  }) {
    this.#onRefused = onRefused;
    this.#buckets = new TokenBuckets({
      capacity: maxPerMinute,
      perSecond: maxPerMinute / 60,
      maxBuckets: MAX_ADDRESSES,
      monotonicMs,
    });
  }

  count(address: string): void {
    this.#buckets.take(address);
  }

  /** @throws OrchestraError `rate_limited` for an address that failed too often within the last minute. */
  assertFew(address: string): void {
    const retryAfterMs = this.#buckets.waitMs(address);
    if (retryAfterMs === 0) return;
    this.#onRefused();
    throw new OrchestraError("rate_limited", "too many bad tokens came from this address", { retryAfterMs });
  }
}

import { OrchestraError } from "@ai-orchestra/contracts";
import { TokenBuckets } from "./token-buckets.js";

const NODE = "node";

/** Counts a new connection. Throws `overloaded` when this node had too many within the last second. */
export type CountNewConnection = () => void;

export function createConnectionRate({
  perSecond,
  monotonicMs,
  onRefused,
}: {
  perSecond: number;
  monotonicMs: () => number;
  onRefused: () => void;
}): CountNewConnection {
  const bucket = new TokenBuckets({ capacity: perSecond, perSecond, maxBuckets: 1, monotonicMs });
  return () => {
    const retryAfterMs = bucket.take(NODE);
    if (retryAfterMs === 0) return;
    onRefused();
    throw new OrchestraError("overloaded", "too many new connections at once", { retryAfterMs });
  };
}

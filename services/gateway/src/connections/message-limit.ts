import { OrchestraError } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import { TokenBuckets } from "./token-buckets.js";

/** Clients whose messages are counted at the same time; past it the one idle for longest starts anew. */
const MAX_CLIENTS = 50_000;

/** Counts one message of a client, a frame or an HTTP request. Throws `rate_limited` with the time to wait. */
export type TakeMessage = (principal: Principal) => void;

/** A client may send `perMinute` messages at once, and after that as fast as they come back, over all its connections here. */
export function createMessageLimit({
  perMinute,
  monotonicMs,
  onRefused,
}: {
  perMinute: number;
  monotonicMs: () => number;
  onRefused: () => void;
}): TakeMessage {
  const buckets = new TokenBuckets({
    capacity: perMinute,
    perSecond: perMinute / 60,
    maxBuckets: MAX_CLIENTS,
    monotonicMs,
  });
  return ({ owner }) => {
    const retryAfterMs = buckets.take(owner);
    if (retryAfterMs === 0) return;
    onRefused();
    throw new OrchestraError("rate_limited", `at most ${perMinute} messages a minute`, { retryAfterMs });
  };
}

import { createHash } from "node:crypto";
import type { VerifyJwt } from "./jwt-verifier.js";
import type { Principal } from "./principal.js";

/** Tokens remembered at most; the one verified longest ago is forgotten first. */
const MAX_TOKENS = 10_000;
/** So long a token outlives the key that it was signed with. */
const KEEP_FOR_MS = 60_000;

/** Remembers for a minute whose token it was: verifying a signature costs 0.1 ms, which is too much for every request. */
export function rememberVerified(verify: VerifyJwt, now: () => number): VerifyJwt {
  const verified = new Map<string, { principal: Principal; until: number }>();
  return async (token) => {
    const key = createHash("sha256").update(token).digest("base64");
    const known = verified.get(key);
    if (known !== undefined && now() < known.until) return known.principal;
    verified.delete(key);
    const principal = await verify(token);
    verified.set(key, { principal, until: Math.min(now() + KEEP_FOR_MS, principal.expiresAt ?? Infinity) });
    if (verified.size > MAX_TOKENS) {
      for (const oldest of verified.keys()) {
        verified.delete(oldest);
        break;
      }
    }
    return principal;
  };
}

import { OrchestraError } from "@ai-orchestra/contracts";
import type { FailedAttempts } from "./failed-attempts.js";
import type { VerifyJwt } from "./jwt-verifier.js";
import { createDevPrincipal, type Principal } from "./principal.js";

/** What a caller showed: an `Authorization` header, or the token of a `bearer.<token>` subprotocol entry. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly subprotocolToken: string | undefined;
  /** Where the caller is. */
  readonly address: string;
}

/** Finds out who a caller is; rejects with `unauthorized` when the credentials do not say. */
export type Authenticate = (credentials: Credentials) => Promise<Principal> | Principal;

/** Everybody is the client `dev`, whatever token is sent. Only for a gateway that listens on loopback. */
export function createDevAuthenticate(): Authenticate {
  const dev = createDevPrincipal();
  return () => dev;
}

const BEARER_PATTERN = /^Bearer +(\S+)$/i;
const JWT_PATTERN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** Longer ones are not looked at. */
const MAX_TOKEN_LENGTH = 16_384;

/**
 * Takes JWTs and API keys. An address that keeps failing is answered `rate_limited` for a while, before its token is
 * looked at.
 */
export function createTokenAuthenticate({
  verifyJwt,
  findApiKeys,
  failedAttempts,
}: {
  /** Absent when no key of JWTs is configured. */
  verifyJwt: VerifyJwt | undefined;
  /** Asked in this order. */
  findApiKeys: readonly ((key: string) => Principal | undefined)[];
  failedAttempts: FailedAttempts;
}): Authenticate {
  return async (credentials) => {
    failedAttempts.assertFew(credentials.address);
    try {
      return await identify(readToken(credentials));
    } catch (error) {
      if (OrchestraError.from(error).code === "unauthorized") failedAttempts.count(credentials.address);
      throw error;
    }
  };

  async function identify(token: string): Promise<Principal> {
    if (token.length > MAX_TOKEN_LENGTH) throw new OrchestraError("unauthorized", "the token is not valid");
    if (verifyJwt !== undefined && JWT_PATTERN.test(token)) return verifyJwt(token);
    for (const find of findApiKeys) {
      const principal = find(token);
      if (principal !== undefined) return principal;
    }
    throw new OrchestraError("unauthorized", "the token is not valid");
  }
}

function readToken({ authorization, subprotocolToken }: Credentials): string {
  if (authorization !== undefined) {
    const token = BEARER_PATTERN.exec(authorization)?.[1];
    if (token === undefined) throw new OrchestraError("unauthorized", "authorization must be: Bearer <token>");
    return token;
  }
  if (subprotocolToken === undefined || subprotocolToken === "") {
    throw new OrchestraError("unauthorized", "a token is needed");
  }
  return subprotocolToken;
}

import type { ApiKeyStore } from "./api-key-store.js";
import { needsToken, takesJwts, type AuthConfig } from "./auth-env.js";
import { createDevAuthenticate, createTokenAuthenticate, type Authenticate } from "./authenticate.js";
import type { FailedAttempts } from "./failed-attempts.js";
import type { JwtKey } from "./jwt-keys.js";
import { createJwtVerifier } from "./jwt-verifier.js";
import { createStaticApiKeys } from "./static-api-keys.js";
import { rememberVerified } from "./verified-tokens.js";

/** The way in that the configuration asks for. */
export function createAuthentication({
  config,
  jwtKeys,
  apiKeys,
  failedAttempts,
  now,
}: {
  config: AuthConfig;
  jwtKeys: readonly JwtKey[];
  apiKeys: ApiKeyStore;
  failedAttempts: FailedAttempts;
  now: () => number;
}): Authenticate {
  if (!needsToken(config)) return createDevAuthenticate();
  const verifyJwt = createJwtVerifier({
    keys: jwtKeys,
    issuers: config.AUTH_JWT_ISSUERS,
    audiences: config.AUTH_JWT_AUDIENCES,
    clientClaim: config.AUTH_JWT_CLIENT_CLAIM,
    graceMs: config.AUTH_JWT_GRACE_MS,
    now,
  });
  return createTokenAuthenticate({
    verifyJwt: takesJwts(config) ? rememberVerified(verifyJwt, now) : undefined,
    findApiKeys: [createStaticApiKeys(config.AUTH_API_KEYS), (key) => apiKeys.find(key)],
    failedAttempts,
  });
}

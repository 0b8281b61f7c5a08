import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ConfigError } from "@ai-orchestra/service-kit";
import type { JWTVerifyGetKey } from "jose";
import type { AuthConfig } from "./auth-env.js";
import { createJwks } from "./jwks.js";

/** A key, or a way to find it, and the only algorithms it may be used with. */
export interface JwtKey {
  readonly algorithms: readonly string[];
  readonly find: JWTVerifyGetKey;
}

/**
 * Every key that JWTs may be signed with, the likeliest first.
 *
 * @throws ConfigError when a key file cannot be read or holds another kind of key.
 */
export async function loadJwtKeys(config: AuthConfig, monotonicMs: () => number): Promise<JwtKey[]> {
  const secrets = [config.AUTH_JWT_SECRET, config.AUTH_JWT_SECRET_PREVIOUS].flatMap((secret) =>
    secret === undefined ? [] : [fixedKey("HS256", createSecretKey(Buffer.from(secret)))],
  );
  const publicKeys = await Promise.all(config.AUTH_JWT_PUBLIC_KEY_FILES.map(loadPublicKey));
  const { AUTH_JWKS_URL: url, AUTH_JWKS_CACHE_MS: cacheMs, AUTH_JWKS_COOLDOWN_MS: cooldownMs } = config;
  if (url === undefined) return [...secrets, ...publicKeys];
  const find = createJwks({ url, cacheMs, cooldownMs, monotonicMs });
  return [...secrets, ...publicKeys, { algorithms: ["RS256", "ES256"], find }];
}

function fixedKey(algorithm: string, key: KeyObject): JwtKey {
  return { algorithms: [algorithm], find: () => key };
}

async function loadPublicKey(file: string): Promise<JwtKey> {
  let key: KeyObject;
  try {
    key = createPublicKey(await readFile(file));
  } catch (cause) {
    throw badKeyFile(file, "cannot be read as a public key in PEM form", cause);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa" && (details?.modulusLength ?? 0) >= 2_048) return fixedKey("RS256", key);
  if (type === "ec" && details?.namedCurve === "prime256v1") return fixedKey("ES256", key);
  throw badKeyFile(file, "is neither an RSA key of 2048 bits or more nor a P-256 key", undefined);
}

function badKeyFile(file: string, problem: string, cause: unknown): ConfigError {
  return new ConfigError([`AUTH_JWT_PUBLIC_KEY_FILES: ${file} ${problem}. Correct it.`], cause);
}

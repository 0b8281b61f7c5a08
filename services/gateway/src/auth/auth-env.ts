import { z } from "zod";
import { commaList } from "../comma-list.js";

const milliseconds = (min: number, max: number) => z.coerce.number<string>().int().min(min).max(max);
const HOUR_MS = 3_600_000;

/** What stands in `AUTH_API_KEYS` for one key: client id, SHA-256 of the key, scopes. */
export const STATIC_API_KEY_PATTERN = /^([^=,]{1,256})=([0-9a-f]{64})(?:=([^=,]+))?$/;

/** Environment variables that say who may use the gateway. */
export const authEnv = {
  AUTH_MODE: z
    .enum(["auto", "required"])
    .default("auto")
    .describe(
      "Whether callers need a token. `auto`: as soon as another AUTH variable says which ones are good; until then everybody is the client `dev`, and only this machine may connect.",
    ),
  AUTH_JWT_SECRET: z
    .string()
    .min(32, "needs at least 32 characters, for instance those of `openssl rand -hex 32`")
    .optional()
    .describe("Secret of JWTs that are signed with HS256."),
  AUTH_JWT_SECRET_PREVIOUS: z
    .string()
    .min(32, "needs at least 32 characters")
    .optional()
    .describe("The secret before `AUTH_JWT_SECRET`: its tokens are good too, until it is removed here."),
  AUTH_JWT_PUBLIC_KEY_FILES: commaList(z.string()).describe(
    "PEM files, separated by commas, with public keys of JWTs: RSA for RS256, P-256 for ES256.",
  ),
  AUTH_JWKS_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("JSON Web Key Set with the public keys of JWTs (RS256, ES256)."),
  AUTH_JWKS_CACHE_MS: milliseconds(1_000, 24 * HOUR_MS)
    .default(600_000)
    .describe("How long the key set is used before it is fetched again."),
  AUTH_JWKS_COOLDOWN_MS: milliseconds(100, HOUR_MS)
    .default(30_000)
    .describe("Least time between two fetches of the key set because a token names a key that is not in it."),
  AUTH_JWT_ISSUERS: commaList(z.string()).describe("Accepted `iss` claims, separated by commas; any unless set."),
  AUTH_JWT_AUDIENCES: commaList(z.string()).describe("Accepted `aud` claims, separated by commas; any unless set."),
  AUTH_JWT_CLIENT_CLAIM: z.string().min(1).default("sub").describe("The claim that holds the client id."),
  AUTH_JWT_GRACE_MS: milliseconds(0, 300_000)
    .default(5_000)
    .describe("How long after its `exp` a JWT is still taken, for clocks that differ."),
  AUTH_API_KEYS: commaList(
    z.string().regex(STATIC_API_KEY_PATTERN, "must look like client=<sha256 of the key>[=scope scope]"),
  ).describe(
    "API keys as hashes, separated by commas: `<client id>=<SHA-256 of the key in hex>`, and after another `=` its scopes, separated by spaces. More are made with `POST /admin/api-keys`.",
  ),
};

export type AuthConfig = z.output<z.ZodObject<typeof authEnv>>;

/** Whether callers have to show who they are. */
export function needsToken(config: AuthConfig): boolean {
  return config.AUTH_MODE === "required" || config.AUTH_API_KEYS.length > 0 || takesJwts(config);
}

/** Whether any key is configured that JWTs could be signed with. */
export function takesJwts(config: AuthConfig): boolean {
  return (
    config.AUTH_JWT_SECRET !== undefined ||
    config.AUTH_JWT_PUBLIC_KEY_FILES.length > 0 ||
    config.AUTH_JWKS_URL !== undefined
  );
}

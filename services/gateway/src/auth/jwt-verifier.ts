import { clientIdSchema, OrchestraError } from "@ai-orchestra/contracts";
import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from "jose";
import { z } from "zod";
import type { JwtKey } from "./jwt-keys.js";
import { createPrincipal, type Principal } from "./principal.js";

export interface JwtVerifierOptions {
  readonly keys: readonly JwtKey[];
  /** Empty: any. */
  readonly issuers: readonly string[];
  /** Empty: any. */
  readonly audiences: readonly string[];
  /** The claim that holds the client id. */
  readonly clientClaim: string;
  readonly graceMs: number;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Says whose token it is. Rejects with `unauthorized`, or `unavailable` when its key cannot be fetched. */
export type VerifyJwt = (token: string) => Promise<Principal>;

const namesSchema = z.array(z.string().max(256)).max(256);
const spacedSchema = z.string().transform((text) => text.split(" ").filter((name) => name !== ""));

/** `scope` is OAuth's, a list in one string; `scopes` may be either. */
const claimsSchema = z.object({
  exp: z.number(),
  scope: spacedSchema.pipe(namesSchema).optional(),
  scopes: z.union([namesSchema, spacedSchema.pipe(namesSchema)]).optional(),
  tier: z.string().max(64).optional(),
  groups: namesSchema.optional(),
});

/** A token without `exp` is refused: it could never be got rid of. */
export function createJwtVerifier(options: JwtVerifierOptions): VerifyJwt {
  const { keys, issuers, audiences, clientClaim, graceMs, now } = options;

  return async (token) => {
    const algorithm = readAlgorithm(token);
    const checks: JWTVerifyOptions = {
      requiredClaims: ["exp"],
      clockTolerance: graceMs / 1_000,
      currentDate: new Date(now()),
      ...(issuers.length > 0 ? { issuer: [...issuers] } : {}),
      ...(audiences.length > 0 ? { audience: [...audiences] } : {}),
    };
    for (const { algorithms, find } of keys) {
      if (!algorithms.includes(algorithm)) continue;
      try {
        const { payload } = await jwtVerify(token, find, { ...checks, algorithms: [...algorithms] });
        return toPrincipal(payload);
      } catch (error) {
        if (!isOtherKeys(error)) throw toRefusal(error);
      }
    }
    throw new OrchestraError("unauthorized", "the token is not signed with a key that is known here");
  };

  function toPrincipal(payload: JWTPayload): Principal {
    const clientId = clientIdSchema.safeParse(payload[clientClaim]);
    if (!clientId.success) throw new OrchestraError("unauthorized", `the token has no client id in ${clientClaim}`);
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw new OrchestraError("unauthorized", "the token has a claim of the wrong kind");
    const { exp, scope = [], scopes = [], tier, groups } = claims.data;
    return createPrincipal(clientId.data, {
      scopes: [...scope, ...scopes],
      tier,
      ...(groups === undefined ? {} : { groups }),
      expiresAt: exp * 1_000 + graceMs,
    });
  }
}

function readAlgorithm(token: string): string {
  try {
    return decodeProtectedHeader(token).alg ?? "";
  } catch (cause) {
    throw new OrchestraError("unauthorized", "the token is not valid", { cause });
  }
}

/** The token may still be good under another key. */
function isOtherKeys(error: unknown): boolean {
  return error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey;
}

function toRefusal(error: unknown): OrchestraError {
  if (error instanceof OrchestraError) return error;
  if (error instanceof errors.JWTExpired) {
    return new OrchestraError("unauthorized", "the token has expired", { cause: error });
  }
  if (error instanceof errors.JOSEError) {
    return new OrchestraError("unauthorized", "the token is not valid", { cause: error });
  }
  return OrchestraError.from(error);
}

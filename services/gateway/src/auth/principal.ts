import { createHash } from "node:crypto";
import type { Owner } from "@ai-orchestra/contracts";

/** What some routes ask for beyond a known client. */
const SCOPES = ["admin", "flags:read"] as const;

export type Scope = (typeof SCOPES)[number];

/** Who a caller is, as far as its credentials say. */
export interface Principal {
  readonly clientId: string;
  /** The namespace of everything the client has: 16 hex digits of SHA-256 of its id. */
  readonly owner: Owner;
  readonly scopes: ReadonlySet<string>;
  /** Decides the priority of its turns. */
  readonly tier: string;
  readonly groups: readonly string[];
  /** When the credentials stop being accepted, in epoch milliseconds; undefined: never by themselves. */
  readonly expiresAt?: number | undefined;
  /** The API key that was shown; such a caller is sent away when the key is revoked. */
  readonly apiKeyId?: string | undefined;
}

export interface PrincipalClaims {
  readonly scopes?: Iterable<string>;
  /** Default `default`. */
  readonly tier?: string | undefined;
  readonly groups?: readonly string[];
  readonly expiresAt?: number | undefined;
  readonly apiKeyId?: string | undefined;
}

export function createPrincipal(clientId: string, claims: PrincipalClaims = {}): Principal {
  return {
    clientId,
    owner: createHash("sha256").update(clientId).digest("hex").slice(0, 16),
    scopes: new Set(claims.scopes),
    tier: claims.tier ?? "default",
    groups: claims.groups ?? [],
    expiresAt: claims.expiresAt,
    apiKeyId: claims.apiKeyId,
  };
}

/** The one client of a gateway without authentication: it may do everything. */
export function createDevPrincipal(): Principal {
  return createPrincipal("dev", { scopes: SCOPES });
}

export function hasScope({ scopes }: Principal, scope: Scope): boolean {
  return scopes.has(scope);
}

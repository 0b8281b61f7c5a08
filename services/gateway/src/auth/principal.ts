import { createHash } from "node:crypto";
import type { Owner } from "@ai-orchestra/contracts";

/** Who a caller is. `owner` is the namespace of everything the client has: 16 hex digits of SHA-256 of its id. */
export interface Principal {
  readonly clientId: string;
  readonly owner: Owner;
}

export function createPrincipal(clientId: string): Principal {
  return { clientId, owner: createHash("sha256").update(clientId).digest("hex").slice(0, 16) };
}

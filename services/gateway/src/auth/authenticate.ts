import { createDevPrincipal, type Principal } from "./principal.js";

/** What a caller showed: an `Authorization` header, or the token of a `bearer.<token>` subprotocol entry. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly subprotocolToken: string | undefined;
}

/** Finds out who a caller is; rejects with `unauthorized` when the credentials do not say. */
export type Authenticate = (credentials: Credentials) => Promise<Principal> | Principal;

/** Everybody is the client `dev`, whatever token is sent. Only for a gateway that listens on loopback. */
export function createDevAuthenticate(): Authenticate {
  const dev = createDevPrincipal();
  return () => dev;
}

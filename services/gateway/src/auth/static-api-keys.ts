import { equalHashes, hashApiKey } from "./api-key.js";
import { STATIC_API_KEY_PATTERN } from "./auth-env.js";
import { createPrincipal, type Principal } from "./principal.js";

/** Finds whose key it is among those of the configuration. */
export type FindStaticApiKey = (key: string) => Principal | undefined;

/** @param entries as `AUTH_API_KEYS` has them. Every one is compared, whichever fits. */
export function createStaticApiKeys(entries: readonly string[]): FindStaticApiKey {
  const known = entries.flatMap((entry) => {
    const [, clientId, hash, scopes = ""] = STATIC_API_KEY_PATTERN.exec(entry) ?? [];
    if (clientId === undefined || hash === undefined) return [];
    return [
      { hash, principal: createPrincipal(clientId, { scopes: scopes.split(" ").filter((scope) => scope !== "") }) },
    ];
  });
  return (key) => {
    const given = hashApiKey(key);
    return known.filter(({ hash }) => equalHashes(hash, given))[0]?.principal;
  };
}

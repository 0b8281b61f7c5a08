import { createApiKeySchema, OrchestraError, type ApiKey } from "@ai-orchestra/contracts";
import type { ApiKeyStore, StoredApiKey } from "../auth/api-key-store.js";
import { jsonAnswer, statusLine } from "./http-answers.js";
import { readId, readJsonBody } from "./read-request.js";
import type { HttpRoute } from "./router.js";

/** `/admin/api-keys`: makes, lists and revokes API keys. A key itself is only ever in the answer that made it. */
export function createApiKeyRoutes({ apiKeys, now }: { apiKeys: ApiKeyStore; now: () => number }): HttpRoute[] {
  return [
    {
      method: "POST",
      path: "/admin/api-keys",
      access: "private",
      scope: "admin",
      handle: async (exchange) => {
        const {
          clientId,
          label,
          scopes = [],
          tier,
          groups = [],
          expiresInMs,
        } = await readJsonBody(exchange, createApiKeySchema);
        const expiresAt = expiresInMs === undefined ? undefined : now() + expiresInMs;
        const { key, ...stored } = await apiKeys.create({ clientId, label, scopes, tier, groups, expiresAt });
        const answer = jsonAnswer(201, { ...describeApiKey(stored), key });
        exchange.respond({ ...answer, headers: { ...answer.headers, "cache-control": "no-store" } });
      },
    },
    {
      method: "GET",
      path: "/admin/api-keys",
      access: "private",
      scope: "admin",
      handle: (exchange) => exchange.respond(jsonAnswer(200, { apiKeys: apiKeys.list().map(describeApiKey) })),
    },
    {
      method: "DELETE",
      path: "/admin/api-keys/:keyId",
      access: "private",
      scope: "admin",
      handle: async (exchange, _principal, parameters) => {
        const revoked = await apiKeys.revoke(readId(parameters.keyId, "the key id"));
        if (!revoked) throw new OrchestraError("not_found", "there is no such API key");
        exchange.respond({ status: statusLine(204), headers: {}, body: "" });
      },
    },
  ];
}

function describeApiKey({ id, record }: StoredApiKey): ApiKey {
  const { clientId, label, scopes, tier, groups, createdAt, expiresAt } = record;
  return {
    id,
    clientId,
    label,
    scopes,
    tier,
    groups,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt).toISOString(),
  };
}

import { versionsQuerySchema } from "@ai-orchestra/contracts";
import type { ApiRoute } from "../api-route.js";

const route = { tag: "admin", access: "private", scope: "admin" } as const;
const apiKey = {
  id: "k-1",
  clientId: "shop",
  label: "the shop's back end",
  scopes: [],
  groups: [],
  createdAt: "2026-01-15T09:30:00.000Z",
};

export const ADMIN_ROUTES: readonly ApiRoute[] = [
  {
    ...route,
    method: "GET",
    path: "/admin/versions",
    operationId: "reportVersions",
    summary: "How much each protocol is used",
    description: "Requests and distinct clients (estimates, ±1 %) of each protocol, over all gateways; days are UTC.",
    query: versionsQuerySchema,
    answers: [
      {
        status: 200,
        description: "The report.",
        contents: [
          {
            type: "application/json",
            schemas: ["VersionReport"],
            example: {
              days: 30,
              versions: [{ version: "v1", requests: 120, clients: 3, lastUsedAt: "2026-01-15T09:30:00.000Z" }],
              v1Sunset: "2027-01-01T00:00:00.000Z",
            },
          },
        ],
      },
    ],
    errors: ["invalid_request", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "POST",
    path: "/admin/api-keys",
    operationId: "createApiKey",
    summary: "Make an API key",
    description: "The key is only in this answer: the server keeps a hash of it.",
    body: { schemas: ["CreateApiKey"], example: { clientId: "shop", label: "the shop's back end" } },
    answers: [
      {
        status: 201,
        description: "The key.",
        contents: [
          { type: "application/json", schemas: ["CreatedApiKey"], example: { ...apiKey, key: "ok_k-1_example" } },
        ],
      },
    ],
    errors: ["conflict", "unavailable", "timeout"],
  },
  {
    ...route,
    method: "GET",
    path: "/admin/api-keys",
    operationId: "listApiKeys",
    summary: "List API keys",
    answers: [
      {
        status: 200,
        description: "All of them, without the keys themselves.",
        contents: [{ type: "application/json", schemas: ["ApiKeyList"], example: { apiKeys: [apiKey] } }],
      },
    ],
    errors: [],
  },
  {
    ...route,
    method: "DELETE",
    path: "/admin/api-keys/:keyId",
    operationId: "revokeApiKey",
    summary: "Revoke an API key",
    description: "Connections that showed it are closed with 4502.",
    parameters: { keyId: { description: "The key's id.", kind: "id" } },
    answers: [{ status: 204, description: "It is revoked." }],
    errors: ["invalid_request", "not_found", "unavailable", "timeout"],
  },
];

import { z } from "zod";
import { idSchema } from "../ids.js";

/** A client id, as tokens and API keys name it. */
export const clientIdSchema = z.string().min(1).max(256);

/** A stored API key: everything but the key. It stands in the bucket `api-keys` under its id. Times are epoch milliseconds. */
export const apiKeyRecordSchema = z.object({
  /** Hex digits of the key's SHA-256. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"),
  clientId: clientIdSchema,
  /** What it is for, in its owner's words. */
  label: z.string().max(200).optional(),
  scopes: z.array(z.string().max(64)).max(32),
  tier: z.string().max(64).optional(),
  groups: z.array(z.string().max(64)).max(64),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
});

export type ApiKeyRecord = z.infer<typeof apiKeyRecordSchema>;

/** `POST /admin/api-keys`. */
export const createApiKeySchema = z.object({
  clientId: clientIdSchema,
  label: z.string().max(200).optional(),
  scopes: z.array(z.string().min(1).max(64)).max(32).optional(),
  tier: z.string().min(1).max(64).optional(),
  groups: z.array(z.string().min(1).max(64)).max(64).optional(),
  /** The key ends by itself after this many milliseconds. */
  expiresInMs: z.int().positive().optional(),
});

/** An API key as `GET /admin/api-keys` lists it. */
export const apiKeySchema = z.object({
  id: idSchema,
  clientId: clientIdSchema,
  label: z.string().optional(),
  scopes: z.array(z.string()),
  tier: z.string().optional(),
  groups: z.array(z.string()),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
});

export type ApiKey = z.infer<typeof apiKeySchema>;

export const apiKeyListSchema = z.object({ apiKeys: z.array(apiKeySchema) });

/** The answer to `POST /admin/api-keys`, the only one that has the key itself. */
export const createdApiKeySchema = apiKeySchema.extend({ key: z.string() });

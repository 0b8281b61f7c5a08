import { OrchestraError, V1_OLD_NAMES } from "@ai-orchestra/contracts";
import type { RequestHead } from "../http/request-head.js";

export type ApiVersion = 1 | 2;

const VERSION_PATTERN = /^v?([12])(?:\.\d{1,3}){0,2}$/i;
const PATH_PATTERN = /^(?:\/api)?\/v([12])(?:\/|$)/;
const USER_AGENT_PATTERN = /\bai-orchestra-sdk\/([12])\./i;

/** Fields that no V1 request has. */
const V2_ONLY_FIELDS = [
  "input",
  "options",
  "turnId",
  "optimization_mode",
  "swarm_type",
  "use_memory",
  "max_response_tokens",
  "temperature",
] as const;

/**
 * Which version a chat request is in: what its `API-Version` header says, its path, `api_version` in query or body, its
 * user agent, the fields that only V2 has, the old field names; V2 where nothing says.
 *
 * @throws OrchestraError `invalid_request` for a version that is named and does not exist
 */
export function detectVersion({ head, body }: { head: RequestHead; body: unknown }): ApiVersion {
  const fields = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
  return (
    readVersion(head.headers.get("api-version")) ??
    matchVersion(PATH_PATTERN, head.path) ??
    readVersion(head.query.get("api_version")) ??
    readVersion(fields["api_version"]) ??
    matchVersion(USER_AGENT_PATTERN, head.headers.get("user-agent")) ??
    (V2_ONLY_FIELDS.some((name) => name in fields) ? 2 : undefined) ??
    (Object.keys(V1_OLD_NAMES).some((name) => name in fields) ? 1 : 2)
  );
}

function readVersion(given: unknown): ApiVersion | undefined {
  if (given === undefined || given === null || given === "") return undefined;
  const version = typeof given === "string" || typeof given === "number" ? String(given).trim() : "";
  const match = matchVersion(VERSION_PATTERN, version);
  if (match === undefined) throw new OrchestraError("invalid_request", "there are the API versions 1 and 2");
  return match;
}

function matchVersion(pattern: RegExp, text: string | undefined): ApiVersion | undefined {
  const digit = text === undefined ? undefined : pattern.exec(text)?.[1];
  if (digit === undefined) return undefined;
  return digit === "1" ? 1 : 2;
}

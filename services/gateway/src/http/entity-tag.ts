import { OrchestraError } from "@ai-orchestra/contracts";
import type { HttpExchange } from "./http-exchange.js";

const TAG_PATTERN = /^(?:W\/)?"?(\d{1,15})"?$/;

/** A revision as an ETag. */
export function toEntityTag(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that a change is to replace: that of `If-Match`, or 0 (there must be none) for `If-None-Match: *`;
 * undefined when the caller does not say. Throws `invalid_request` for a tag that is none of ours.
 */
export function readExpectedRevision({ head: { headers } }: HttpExchange): number | undefined {
  if (headers.get("if-none-match")?.trim() === "*") return 0;
  const given = headers.get("if-match")?.trim();
  if (given === undefined || given === "*") return undefined;
  const revision = TAG_PATTERN.exec(given)?.[1];
  if (revision === undefined) throw new OrchestraError("invalid_request", 'if-match must be one ETag, such as "12"');
  return Number(revision);
}

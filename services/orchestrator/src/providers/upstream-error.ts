import type { IncomingHttpHeaders } from "node:http";
import { OrchestraError } from "@ai-orchestra/contracts";
import { readRetryAfterMs } from "./retry-after.js";

/** An answer that is not 200. */
export interface RefusedRequest {
  status: number;
  headers: IncomingHttpHeaders;
  /** The start of the body. */
  body: string;
  /** Epoch milliseconds, for a `Retry-After` that is a date. */
  now: number;
}

/** The cause of an error that an upstream's status stands behind. */
export class UpstreamStatus extends Error {
  override readonly name = "UpstreamStatus";
  readonly status: number;

  constructor(status: number) {
    super(`the upstream answered ${status}`);
    this.status = status;
  }
}

/**
 * Turns an HTTP status into an error. Upstream messages can quote keys, organisations or the user's text, so ours holds
 * only the status and those fields of the error object that look like identifiers.
 */
export function toRefusal({ status, headers, body, now }: RefusedRequest): OrchestraError {
  const what = describeError(parseErrorObject(body));
  const suffix = `(${[String(status), ...what].join(" ")})`;
  const cause = new UpstreamStatus(status);
  if (status === 401 || status === 403) {
    return new OrchestraError("provider_error", `the model provider did not accept our credentials ${suffix}`, {
      cause,
    });
  }
  if (status === 404)
    return new OrchestraError("provider_error", `the model provider does not know the model ${suffix}`, { cause });
  if (status === 408 || status === 504) {
    return new OrchestraError("timeout", `the model provider took too long ${suffix}`, { retryable: true, cause });
  }
  if (status === 429 || status === 425 || status === 409) {
    // A spent quota answers 429 as well, but waiting does not refill it.
    const retryable = !what.includes("insufficient_quota");
    const retryAfterMs = readRetryAfterMs(headers, now);
    return new OrchestraError("provider_unavailable", `the model provider limits us ${suffix}`, {
      retryable,
      retryAfterMs,
      cause,
    });
  }
  if (status >= 500 && status !== 501) {
    const retryAfterMs = readRetryAfterMs(headers, now);
    return new OrchestraError("provider_unavailable", `the model provider is in trouble ${suffix}`, {
      retryAfterMs,
      cause,
    });
  }
  return new OrchestraError("provider_error", `the model provider refused the request ${suffix}`, { cause });
}

/** An error object that arrived inside a stream that had begun. */
export function toStreamRefusal(errorObject: unknown): OrchestraError {
  const what = describeError(errorObject);
  const suffix = what.length === 0 ? "" : ` (${what.join(" ")})`;
  return new OrchestraError("provider_error", `the model provider reported an error in mid-answer${suffix}`, {
    retryable: true,
  });
}

/** The connection broke: before the answer began nothing is lost (`provider_unavailable`), after that it is cut off. */
export function toConnectionError(cause: Error, answerBegan: boolean): OrchestraError {
  if (answerBegan) return toCutOff("the connection to the model provider broke in mid-answer", cause);
  return new OrchestraError("provider_unavailable", "the model provider could not be reached", { cause });
}

/** The answer is not whole or not readable; asking again may help. */
export function toCutOff(message: string, cause?: unknown): OrchestraError {
  return new OrchestraError("provider_error", message, { retryable: true, cause });
}

function parseErrorObject(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    return isRecord(first) && "error" in first ? first["error"] : first;
  } catch {
    return undefined;
  }
}

function describeError(errorObject: unknown): string[] {
  if (!isRecord(errorObject)) return [];
  const fields = ["type", "code", "param", "status"].map((field) => errorObject[field]);
  const identifiers = fields.filter((value) => typeof value === "string" && /^[A-Za-z][\w.-]{0,63}$/.test(value));
  return [...new Set(identifiers as string[])];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

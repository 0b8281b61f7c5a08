import { STATUS_CODES } from "node:http";
import { ERROR_CODES, type ErrorEnvelope } from "@ai-orchestra/contracts";
import type { HttpAnswer } from "./http-exchange.js";

/** What a client is told to wait when an error is worth a retry and does not say when. */
const DEFAULT_RETRY_AFTER_MS = 1_000;

/** Status code and reason phrase, as a status line has them. */
export function statusLine(status: number): string {
  return `${status} ${status === 499 ? "Client Closed Request" : (STATUS_CODES[status] ?? "Unknown")}`;
}

export function jsonAnswer(status: number, body: unknown): HttpAnswer {
  return {
    status: statusLine(status),
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
}

/** The HTTP answer for an error: the fitting status, the protocol's error body, and `retry-after` where a retry may help. */
export function errorAnswer(error: ErrorEnvelope, requestId: string): HttpAnswer {
  const { code, message, details } = error;
  const retryAfterMs = error.retryable ? (error.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS) : undefined;
  return {
    status: statusLine(ERROR_CODES[code].status),
    headers: {
      "content-type": "application/json",
      ...(code === "unauthorized" ? { "www-authenticate": "Bearer" } : {}),
      ...(retryAfterMs === undefined ? {} : { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
    },
    body: JSON.stringify({ error: { code, message, details, requestId } }),
  };
}

import type { CloseCode } from "@ai-orchestra/contracts";
import { OrchestraClientError, type ClientErrorCode } from "./client-error.js";

const MEANINGS: Record<CloseCode, readonly [ClientErrorCode, string]> = {
  4001: ["unavailable", "the server is draining"],
  4002: ["unavailable", "the client read too slowly"],
  4003: ["unavailable", "the connection was idle for too long"],
  4004: ["unauthorized", "the token expired"],
  4005: ["rate_limited", "too many messages"],
  4006: ["unavailable", "the server lost its message bus"],
  4007: ["connection_limit", "too many connections of this client"],
  4501: ["invalid_request", "too many frames were refused"],
  4502: ["unauthorized", "the token was refused"],
  4504: ["too_large", "a message was too large"],
  4505: ["forbidden", "the server forbids this connection"],
};

/** What a WebSocket close means. Codes from 4500 on must not be retried unchanged; everything else may. */
export function toCloseError(closeCode: number, retryAfterMs?: number): OrchestraClientError {
  const [code, message] = MEANINGS[closeCode as CloseCode] ?? ["unavailable", "the connection was lost"];
  return new OrchestraClientError(code, `${message} (${closeCode})`, {
    retryable: closeCode < 4500,
    retryAfterMs,
    closeCode,
  });
}

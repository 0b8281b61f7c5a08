import type { CLOSE_CODES, ErrorCode } from "@ai-orchestra/contracts";

/** What each error code tells a client. */
export const ERROR_MEANINGS: Record<ErrorCode, string> = {
  invalid_request: "The request is wrong in itself; `details` names the fields.",
  unauthorized: "No credentials, or none that are accepted.",
  forbidden: "The caller, or the page it runs in, may not do this.",
  not_found: "There is no such thing, or it is another client's.",
  conflict: "It was changed in between; read it again.",
  session_busy: "Another turn of the session runs, and `onBusy` was `reject`.",
  too_large: "A message or body above the limit.",
  rate_limited: "Too many messages or turns; wait as long as `retryAfterMs` says.",
  connection_limit: "The client has as many connections as it may have.",
  overloaded: "The server has as much work as it takes.",
  maintenance: "No new turns for now; running ones finish.",
  timeout: "It was not done in time.",
  cancelled: "It was cancelled, by the client or because the client went away.",
  provider_error: "The model's provider refused the request; a repetition would be refused too.",
  provider_unavailable: "No model answers at the moment.",
  attempts_exhausted: "Every server that started the turn died with it; it is not started again.",
  unavailable: "A part of the server is away.",
  internal: "A fault of the server; the request id finds it in the logs.",
};

/** What each WebSocket close code tells a client. */
export const CLOSE_MEANINGS: Record<keyof typeof CLOSE_CODES, string> = {
  draining: "This node is going away; a `drain` frame came before.",
  slowConsumer: "The client read too slowly; it can resume its turns.",
  idle: "Nothing came for too long.",
  tokenExpired: "The token ended; connect with a new one.",
  rateLimited: "Too many messages; wait before connecting again.",
  busUnavailable: "The server cannot reach its message bus.",
  connectionLimit: "The client has too many connections; an `error` frame with `retryAfterMs` came before.",
  badFrames: "Too many refused frames within a minute.",
  badToken: "The token is not accepted.",
  messageTooLarge: "A frame above the limit.",
  forbidden: "The client, or the page it runs in, may not connect.",
};

import type { ReconnectOptions } from "./backoff.js";
import { parseEndpoints, type Endpoint } from "./endpoints.js";
import { assertId } from "./ids.js";
import type { TokenProvider } from "./token-source.js";
import type { WebSocketConstructor } from "./web-socket.js";

export interface ClientOptions {
  /** `http`, `https`, `ws` or `wss` URL of a gateway; of several, the next is tried when one is lost. */
  url: string | readonly string[];
  /** A JWT or API key, or a function that gets a fresh one. Not needed on a loopback development server. */
  token?: TokenProvider;
  /** The conversation of every turn that does not name its own. */
  sessionId?: string;
  /** For runtimes without a global WebSocket. Default: the global one, else that of the package `ws`. */
  webSocket?: WebSocketConstructor;
  /** Default: the global one. */
  fetch?: typeof fetch;
  /** `false`: a lost connection closes the client. */
  reconnect?: ReconnectOptions | false;
  /** Turns that may wait for a connection, or for one of its places. Beyond: `queue_full`. Default 64. */
  maxQueuedTurns?: number;
  /** How long a turn may wait to be accepted, connecting and retries included. Default 60 000. */
  acceptTimeoutMs?: number;
  /** How much longer than its own `timeoutMs` an accepted turn is waited for. Default 30 000. */
  turnGraceMs?: number;
  /** From dialling to the server's `hello`. Default 10 000. */
  handshakeTimeoutMs?: number;
  /** How long a dead connection may leave a ping without answer. Default 10 000. */
  pongTimeoutMs?: number;
  /** Deadline of one HTTP request. Default 10 000. */
  requestTimeoutMs?: number;
}

export type ResolvedClientOptions = Required<
  Omit<ClientOptions, "url" | "token" | "sessionId" | "webSocket" | "reconnect">
> & {
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly token: TokenProvider | undefined;
  readonly sessionId: string | undefined;
  readonly webSocket: WebSocketConstructor | undefined;
  readonly reconnect: Required<ReconnectOptions>;
};

/** Fills in the defaults. Throws `invalid_request` for a URL or id that cannot work. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  if (options.sessionId !== undefined) assertId("sessionId", options.sessionId);
  const reconnect = options.reconnect === false ? { maxAttempts: 0 } : (options.reconnect ?? {});
  return {
    endpoints: parseEndpoints(options.url),
    token: options.token,
    sessionId: options.sessionId,
    webSocket: options.webSocket,
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    reconnect: {
      baseDelayMs: reconnect.baseDelayMs ?? 250,
      maxDelayMs: reconnect.maxDelayMs ?? 15_000,
      maxAttempts: reconnect.maxAttempts ?? Number.POSITIVE_INFINITY,
    },
    maxQueuedTurns: options.maxQueuedTurns ?? 64,
    acceptTimeoutMs: options.acceptTimeoutMs ?? 60_000,
    turnGraceMs: options.turnGraceMs ?? 30_000,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    pongTimeoutMs: options.pongTimeoutMs ?? 10_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
  };
}

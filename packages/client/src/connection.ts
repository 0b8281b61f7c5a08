import type { ClientFrame, ErrorFrame, HelloFrame, ServerFrame } from "@ai-orchestra/contracts";
import { OrchestraClientError, toClientError } from "./client-error.js";
import { toCloseError } from "./close-error.js";
import { createDeferred, type Deferred } from "./deferred.js";
import { createSendGate, type SendGate } from "./send-gate.js";
import { watchRefusal } from "./upgrade-refusal.js";
import { isNodeWebSocket, takesHeaders, type WebSocketConstructor, type WebSocketLike } from "./web-socket.js";

export interface ConnectionOptions {
  readonly webSocket: WebSocketConstructor;
  readonly socketUrl: string;
  readonly token: string | undefined;
  /** The connection this one takes the place of; its lease passes on. */
  readonly replaces: string | undefined;
  /** From dialling to `hello`. */
  readonly handshakeTimeoutMs: number;
  /** How long a `pong`, or any other frame, may take after a `ping`. */
  readonly pongTimeoutMs: number;
  /** Every frame after `hello` but `pong`, in order, until the connection is down or closed. */
  readonly onFrame: (frame: ServerFrame) => void;
}

/** How long a closing handshake may take before the socket is cut, where it can be. */
const CLOSE_GRACE_MS = 1_000;

/** One WebSocket, from dialling until it is gone. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocketLike;
  readonly #gate: SendGate;
  readonly #opened: Deferred<HelloFrame> = createDeferred();
  readonly #closed: Deferred<OrchestraClientError> = createDeferred();
  #down = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heardSincePing = true;
  #hello: HelloFrame | undefined;
  /** The last `error` frame: it says why, and for how long, when a close follows. */
  #lastError: ErrorFrame | undefined;
  #refusal: OrchestraClientError | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = createSocket(options);
    this.#gate = createSendGate((frame) => this.#write(frame));
    this.#timer = setTimeout(() => this.#cut("the server did not say hello in time"), options.handshakeTimeoutMs);
    this.#socket.addEventListener("message", (event) => this.#receive(event.data));
    this.#socket.addEventListener("close", (event) => this.#finish(this.#refusal ?? this.#explainClose(event.code)));
    // A close follows every error and says more.
    this.#socket.addEventListener("error", () => undefined);
    watchRefusal(this.#socket, (refusal) => {
      this.#refusal = refusal;
    });
  }

  /** Resolves with the server's greeting; rejects with the reason when it does not come. */
  get opened(): Promise<HelloFrame> {
    return this.#opened.promise;
  }

  /** Resolves with the reason when the connection is down. */
  get closed(): Promise<OrchestraClientError> {
    return this.#closed.promise;
  }

  /** Sends a frame, now or as soon as the server's rate limit lets it; lost if the connection goes down before. */
  send(frame: ClientFrame): void {
    if (!this.#down) this.#gate.send(frame);
  }

  /** Closes it for good; nothing that still arrives is passed on. */
  close(): void {
    if (this.#down) return;
    const socket = this.#socket;
    if (isNodeWebSocket(socket)) {
      const timer = setTimeout(() => socket.terminate(), CLOSE_GRACE_MS);
      socket.addEventListener("close", () => clearTimeout(timer));
    }
    this.#finish(new OrchestraClientError("client_closed", "the connection was closed by the client"));
    socket.close(1000);
  }

  #receive(data: unknown): void {
    if (this.#down) return;
    this.#heardSincePing = true;
    const frame = parseFrame(data);
    if (frame === undefined) return this.#cut("the server sent something that is no frame");
    if (frame.type === "hello") return this.#greet(frame);
    if (frame.type === "error") this.#noteError(frame);
    if (frame.type !== "pong" && this.#hello !== undefined) this.#options.onFrame(frame);
  }

  #greet(hello: HelloFrame): void {
    clearTimeout(this.#timer);
    this.#hello = hello;
    this.#scheduleHeartbeat(hello.heartbeatMs);
    this.#opened.resolve(hello);
  }

  #noteError(frame: ErrorFrame): void {
    this.#lastError = frame;
    if (frame.code === "rate_limited") {
      this.#gate.slowDown(frame.retryAfterMs ?? 1_000, this.#hello?.limits.messagesPerMinute ?? 60);
    }
  }

  #explainClose(closeCode: number): OrchestraClientError {
    const lastError = this.#lastError;
    if (this.#hello === undefined && lastError !== undefined && closeCode < 4000) return toClientError(lastError);
    return toCloseError(closeCode, lastError?.retryAfterMs);
  }

  #scheduleHeartbeat(heartbeatMs: number): void {
    this.#timer = setTimeout(() => {
      this.#heardSincePing = false;
      this.#write({ type: "ping" });
      this.#timer = setTimeout(() => {
        if (this.#heardSincePing) this.#scheduleHeartbeat(heartbeatMs);
        else this.#cut("the server fell silent");
      }, this.#options.pongTimeoutMs);
    }, heartbeatMs);
  }

  #write(frame: ClientFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  /** Ends a connection that is of no use, without waiting for the other side, which may be dead. */
  #cut(message: string): void {
    this.#finish(new OrchestraClientError("unavailable", message, { retryable: true }));
    if (isNodeWebSocket(this.#socket)) this.#socket.terminate();
    else this.#socket.close();
  }

  #finish(reason: OrchestraClientError): void {
    if (this.#down) return;
    this.#down = true;
    clearTimeout(this.#timer);
    this.#gate.stop();
    this.#opened.reject(reason);
    this.#closed.resolve(reason);
  }
}

function createSocket(options: ConnectionOptions): WebSocketLike {
  const { webSocket: WebSocket, socketUrl, token, replaces } = options;
  const protocols = ["orchestra.v2"];
  if (replaces !== undefined) protocols.push(`replaces.${replaces}`);
  try {
    if (token === undefined) return new WebSocket(socketUrl, protocols);
    if (!takesHeaders(WebSocket)) return new WebSocket(socketUrl, [...protocols, `bearer.${token}`]);
    return new WebSocket(socketUrl, protocols, { headers: { authorization: `Bearer ${token}` } });
  } catch (cause) {
    // Browsers and Node throw here for a URL, or a token as a subprotocol, that can never work.
    throw new OrchestraClientError("invalid_request", "the url or token cannot be used in a WebSocket", { cause });
  }
}

function parseFrame(data: unknown): ServerFrame | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const frame: unknown = JSON.parse(data);
    const known = typeof frame === "object" && frame !== null && "type" in frame && typeof frame.type === "string";
    return known ? (frame as ServerFrame) : undefined;
  } catch {
    return undefined;
  }
}

import uWS from "uWebSockets.js";
import type { HttpRequest, HttpResponse, TemplatedApp, us_listen_socket, us_socket_context_t } from "uWebSockets.js";
import { ID_PATTERN, OrchestraError } from "@ai-orchestra/contracts";
import { randomUUID } from "node:crypto";
import { errorAnswer } from "../http/http-answers.js";
import type { FindClientAddress } from "../http/client-address.js";
import type { HttpExchange } from "../http/http-exchange.js";
import type { BackpressureLimits } from "./backpressure.js";
import { ClientSocket } from "./client-socket.js";
import { FlushScheduler } from "./flush-scheduler.js";
import { MessageInbox } from "./message-inbox.js";
import { readRequestHead, UwsHttpExchange } from "./uws-http-exchange.js";
import type { AcceptedUpgrade, SocketListener, WebSocketRoute } from "./websocket-route.js";

/** The overload and the constant that the package has and its types lack. */
interface ExclusiveListen {
  listen(host: string, port: number, options: number, done: (socket: us_listen_socket | false) => void): void;
}
const { LIBUS_LISTEN_EXCLUSIVE_PORT } = uWS as unknown as { LIBUS_LISTEN_EXCLUSIVE_PORT: number };

/** uWebSockets.js ends a larger message without a word; up to here the client is told (`SocketListener.oversized`). */
const MIN_HARD_PAYLOAD_BYTES = 1_572_864;

interface SocketData {
  socket: ClientSocket | undefined;
  listener: SocketListener | undefined;
  readonly admission: unknown;
}

export interface UwsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxBodyBytes: number;
  /** HTTP requests without a complete answer; more are answered 503. */
  readonly maxRequestsInFlight: number;
  /** How long a connection may be silent before it is probed and then closed. */
  readonly idleTimeoutSeconds: number;
  readonly backpressure: BackpressureLimits;
  /** PEM files; absent: without TLS. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly findAddress: FindClientAddress;
  /** Counts the HTTP requests that were too many. */
  readonly onRequestRefused: () => void;
  readonly onRequest: (exchange: HttpExchange) => void;
  /** Counts the frames written to WebSocket clients. */
  readonly onFramesWritten: (frames: number) => void;
}

/** WebSocket and HTTP on one port. Nothing of uWebSockets.js is seen outside of this folder. */
export class UwsServer {
  readonly #options: UwsServerOptions;
  readonly #app: TemplatedApp;
  readonly #scheduler = new FlushScheduler();
  readonly #inbox = new MessageInbox();
  readonly #exchanges = new Set<UwsHttpExchange>();
  #listening: { socket: us_listen_socket; port: number } | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: UwsServerOptions) {
    this.#options = options;
    const { tls } = options;
    this.#app =
      tls === undefined ? uWS.App() : uWS.SSLApp({ cert_file_name: tls.certFile, key_file_name: tls.keyFile });
  }

  /** The port that is listened on; undefined before `listen` and after `stopListening`. */
  get port(): number | undefined {
    return this.#listening?.port;
  }

  /** HTTP requests that have no complete answer yet. */
  get exchangesInFlight(): number {
    return this.#exchanges.size;
  }

  /** Adds a WebSocket path; before `listen`. */
  addRoute<Admission>(route: WebSocketRoute<Admission>): void {
    const { backpressure, idleTimeoutSeconds, onFramesWritten } = this.#options;
    this.#app.ws<SocketData>(route.pattern, {
      compression: uWS.DISABLED,
      maxPayloadLength: Math.max(MIN_HARD_PAYLOAD_BYTES, 2 * route.maxMessageBytes),
      maxBackpressure: backpressure.maxBytes,
      idleTimeout: idleTimeoutSeconds,
      sendPingsAutomatically: true,
      upgrade: (response, request, context) => void this.#upgrade(route, response, request, context),
      open: (ws) => {
        const data = ws.getUserData();
        const socket = new ClientSocket({
          ws,
          scheduler: this.#scheduler,
          limits: backpressure,
          onWritten: onFramesWritten,
          onTooSlow: () => data.listener?.tooSlow(),
          onCaughtUp: () => data.listener?.drained(),
        });
        data.socket = socket;
        data.listener = route.open(socket, data.admission as Admission);
      },
      message: (ws, message, isBinary) => {
        const { listener } = ws.getUserData();
        if (listener === undefined) return;
        const isOversized = message.byteLength > route.maxMessageBytes;
        if (!isBinary && !isOversized) {
          this.#inbox.push(listener, Buffer.from(message).toString());
          return;
        }
        this.#inbox.handleAll();
        if (isOversized) listener.oversized(message.byteLength);
        else listener.binary();
      },
      drain: (ws) => ws.getUserData().socket?.noteDrained(),
      close: (ws, code) => {
        this.#inbox.handleAll();
        const { socket, listener } = ws.getUserData();
        socket?.noteClosed();
        listener?.closed(code);
      },
    });
  }

  /** Rejects with `unavailable` when the address is taken or not this machine's. */
  listen(): Promise<void> {
    const { host, port } = this.#options;
    this.#app.any("/*", (response, request) => this.#request(response, request));
    return new Promise((resolve, reject) => {
      const app = this.#app as unknown as ExclusiveListen;
      app.listen(host, port, LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
        if (socket === false) {
          reject(
            new OrchestraError(
              "unavailable",
              `cannot listen on ${host}:${port}: is GATEWAY_PORT taken by another program?`,
            ),
          );
          return;
        }
        this.#listening = { socket, port: uWS.us_socket_local_port(socket) };
        resolve();
      });
    });
  }

  /** Takes no new connections; those that are open live on. */
  stopListening(): void {
    if (this.#listening === undefined) return;
    uWS.us_listen_socket_close(this.#listening.socket);
    this.#listening = undefined;
  }

  /** Resolves when no HTTP request is in flight. One caller at a time. */
  async waitUntilIdle(signal: AbortSignal): Promise<void> {
    if (this.#exchanges.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve;
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** Cuts every connection that is left. */
  close(): void {
    this.stopListening();
    for (const exchange of this.#exchanges) exchange.cut();
    this.#app.close();
  }

  #request(response: HttpResponse, request: HttpRequest): void {
    const head = readRequestHead(request, response, this.#options.findAddress);
    const exchange = new UwsHttpExchange({
      response,
      head,
      requestId: requestIdOf(head.headers),
      maxBodyBytes: this.#options.maxBodyBytes,
      onDone: () => {
        this.#exchanges.delete(exchange);
        if (this.#exchanges.size === 0) this.#onIdle?.();
      },
    });
    this.#exchanges.add(exchange);
    const refusal = this.#refuseRequest();
    if (refusal === undefined) this.#options.onRequest(exchange);
    else exchange.respond(errorAnswer(refusal.toEnvelope(), exchange.requestId));
  }

  /** A connection that was kept alive still brings requests when the port is closed. */
  #refuseRequest(): OrchestraError | undefined {
    if (this.#listening === undefined) return new OrchestraError("unavailable", "this node is going away");
    if (this.#exchanges.size <= this.#options.maxRequestsInFlight) return undefined;
    this.#options.onRequestRefused();
    return new OrchestraError("overloaded", "this node has as many requests as it takes");
  }

  async #upgrade<Admission>(
    route: WebSocketRoute<Admission>,
    response: HttpResponse,
    request: HttpRequest,
    context: us_socket_context_t,
  ): Promise<void> {
    let aborted = false;
    response.onAborted(() => {
      aborted = true;
    });
    const head = readRequestHead(request, response, this.#options.findAddress);
    const key = head.headers.get("sec-websocket-key") ?? "";
    const extensions = head.headers.get("sec-websocket-extensions") ?? "";
    let accepted: AcceptedUpgrade<Admission> | undefined;
    try {
      route.checkRoom();
      accepted = await route.accept(head);
      if (aborted) {
        route.abandon(accepted.admission);
        return;
      }
      route.checkRoom();
    } catch (thrown) {
      if (accepted !== undefined) route.abandon(accepted.admission);
      if (!aborted) refuse(response, thrown, requestIdOf(head.headers));
      return;
    }
    const data: SocketData = { socket: undefined, listener: undefined, admission: accepted.admission };
    const { subprotocol = "", headers = {} } = accepted;
    if (Object.keys(headers).length > 0) {
      response.cork(() => {
        // Written first: a header alone would begin an answer with status 200.
        response.writeStatus("101 Switching Protocols");
        for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
      });
    }
    // Not inside of `cork`: when the socket keeps its place in memory, that takes the new WebSocket for the response it
    // was, reads flags that are not there and may close it (uWebSockets #1929, mended in v20.79.0).
    response.upgrade(data, key, subprotocol, extensions, context);
  }
}

function refuse(response: HttpResponse, thrown: unknown, requestId: string): void {
  const { status, headers, body } = errorAnswer(OrchestraError.from(thrown).toEnvelope(), requestId);
  response.cork(() => {
    response.writeStatus(status).writeHeader("x-request-id", requestId);
    for (const [name, value] of Object.entries(headers)) response.writeHeader(name, value);
    response.end(body);
  });
}

/** The caller's own id where it is one, so that it finds its request in the logs. */
function requestIdOf(headers: ReadonlyMap<string, string>): string {
  const given = headers.get("x-request-id");
  return given !== undefined && ID_PATTERN.test(given) ? given : randomUUID();
}

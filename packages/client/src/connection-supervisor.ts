import type { HelloFrame, ServerFrame } from "@ai-orchestra/contracts";
import { computeBackoffMs } from "./backoff.js";
import type { ResolvedClientOptions } from "./client-options.js";
import { asClientError, OrchestraClientError } from "./client-error.js";
import type { ConnectionState } from "./connection-state.js";
import { Connection } from "./connection.js";
import { createDeferred, type Deferred } from "./deferred.js";
import type { Endpoint } from "./endpoints.js";
import { Listeners } from "./listeners.js";
import { pause } from "./pause.js";
import type { TokenSource } from "./token-source.js";
import { resolveWebSocket } from "./web-socket.js";

/** A connection that lived this long was sound: the next loss is a first failure again. */
const STABLE_AFTER_MS = 5_000;

/** An open connection with its greeting and, once the server says so, when to leave it. */
interface Link {
  readonly connection: Connection;
  readonly hello: HelloFrame;
  readonly url: string;
  /** Resolves with `reconnectAfterMs` of a `drain` frame. */
  readonly drained: Promise<number>;
}

export interface SupervisorOptions {
  readonly options: ResolvedClientOptions;
  readonly tokens: TokenSource;
  readonly onFrame: (frame: ServerFrame) => void;
  /** A connection took over; what the one before owed must be asked for again. */
  readonly onOpen: (connection: Connection, hello: HelloFrame) => void;
  /** No connection until the next `onOpen`. */
  readonly onDown: () => void;
  /** There will be no other connection. */
  readonly onClosed: (reason: OrchestraClientError) => void;
}

/** Keeps one connection open: redials with backoff, goes to the next URL, moves away from a node that drains. */
export class ConnectionSupervisor {
  readonly states = new Listeners<ConnectionState>();
  readonly #o: SupervisorOptions;
  readonly #stop = new AbortController();
  #state: ConnectionState = { status: "idle" };
  #current: Connection | undefined;
  #lastConnectionId: string | undefined;
  #endpointIndex = 0;
  #retriedToken = false;

  constructor(o: SupervisorOptions) {
    this.#o = o;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The gateway in use, or else the next to be tried. */
  get endpoint(): Endpoint {
    const { endpoints } = this.#o.options;
    return endpoints[this.#endpointIndex % endpoints.length] ?? endpoints[0];
  }

  /** Starts connecting. Once is enough. */
  start(): void {
    if (this.#state.status !== "idle") return;
    this.#setState({ status: "connecting", url: this.endpoint.socketUrl });
    this.#run().catch((error: unknown) => this.#end(asClientError(error, "the client failed")));
  }

  close(): void {
    this.#stop.abort();
    this.#end(new OrchestraClientError("client_closed", "the client was closed"));
  }

  async #run(): Promise<void> {
    const { reconnect } = this.#o.options;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      const startedAt = Date.now();
      const reason = await this.#serve();
      if (this.#stop.signal.aborted) return;
      if (reason.wasOpen && Date.now() - startedAt >= STABLE_AFTER_MS) {
        failures = 0;
        this.#retriedToken = false;
      }
      if (!this.#mayRetry(reason.error) || failures >= reconnect.maxAttempts) return this.#end(reason.error);
      this.#endpointIndex += 1;
      const retryInMs = (reason.error.retryAfterMs ?? 0) + computeBackoffMs(failures, reconnect);
      failures += 1;
      this.#setState({ status: "waiting", retryInMs, reason: reason.error });
      await pause(retryInMs, this.#stop.signal);
      if (!this.#stop.signal.aborted) this.#setState({ status: "connecting", url: this.endpoint.socketUrl });
    }
  }

  /** Connects, and stays connected over drains, until a connection is lost. */
  async #serve(): Promise<{ error: OrchestraClientError; wasOpen: boolean }> {
    let link: Link | undefined;
    let leaveAt = 0;
    try {
      link = await this.#dial(this.#stop.signal);
    } catch (error) {
      return { error: asClientError(error, "the connection failed"), wasOpen: false };
    }
    while (!this.#stop.signal.aborted) {
      this.#adopt(link);
      const reconnectAfterMs = await Promise.race([link.drained, link.connection.closed.then(() => undefined)]);
      if (reconnectAfterMs === undefined) break;
      leaveAt = Date.now() + reconnectAfterMs;
      const successor = await this.#succeed(link, reconnectAfterMs);
      if (successor === undefined) break;
      link.connection.close();
      link = successor;
    }
    if (this.#stop.signal.aborted) link.connection.close();
    const error = await link.connection.closed;
    this.#current = undefined;
    if (!this.#stop.signal.aborted) this.#o.onDown();
    const retryAfterMs = Math.max(error.retryAfterMs ?? 0, leaveAt - Date.now());
    return { error: withRetryAfter(error, retryAfterMs), wasOpen: true };
  }

  /** Opens the connection that replaces one whose node drains; undefined when the old one went down before. */
  async #succeed(old: Link, reconnectAfterMs: number): Promise<Link | undefined> {
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    void old.connection.closed.then(() => gone.abort());
    await pause(reconnectAfterMs, signal);
    for (let failures = 0; !signal.aborted; failures += 1) {
      this.#endpointIndex += 1;
      try {
        return await this.#dial(signal);
      } catch (error) {
        // The old connection still serves; when it ends, the reason is met again and reported.
        const { retryAfterMs } = asClientError(error, "the connection failed");
        await pause((retryAfterMs ?? 0) + computeBackoffMs(failures, this.#o.options.reconnect), signal);
      }
    }
    return undefined;
  }

  async #dial(signal: AbortSignal): Promise<Link> {
    const { options, tokens } = this.#o;
    const url = this.endpoint.socketUrl;
    const [webSocket, token] = await Promise.all([resolveWebSocket(options.webSocket), tokens.get()]);
    if (signal.aborted) throw new OrchestraClientError("client_closed", "the connection is no longer wanted");
    const drained: Deferred<number> = createDeferred();
    const connection = new Connection({
      webSocket,
      socketUrl: url,
      token,
      replaces: this.#lastConnectionId,
      handshakeTimeoutMs: options.handshakeTimeoutMs,
      pongTimeoutMs: options.pongTimeoutMs,
      onFrame: (frame) => {
        if (frame.type === "drain") drained.resolve(frame.reconnectAfterMs);
        else if (connection === this.#current) this.#o.onFrame(frame);
      },
    });
    const abort = (): void => connection.close();
    signal.addEventListener("abort", abort);
    try {
      const hello = await connection.opened;
      return { connection, hello, url, drained: drained.promise };
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #adopt({ connection, hello, url }: Link): void {
    this.#current = connection;
    this.#lastConnectionId = hello.connectionId;
    this.#setState({ status: "open", url, connectionId: hello.connectionId });
    this.#o.onOpen(connection, hello);
  }

  /** A refused token may be tried again once, if there is a provider to get another. */
  #mayRetry(error: OrchestraClientError): boolean {
    if (error.code !== "unauthorized" || !this.#o.tokens.canRefresh) return error.retryable;
    this.#o.tokens.invalidate();
    const again = error.retryable || !this.#retriedToken;
    this.#retriedToken = true;
    return again;
  }

  #end(reason: OrchestraClientError): void {
    if (this.#state.status === "closed") return;
    this.#setState({ status: "closed", reason });
    this.#current?.close();
    this.#current = undefined;
    this.#o.onClosed(reason);
  }

  #setState(state: ConnectionState): void {
    if (this.#state.status === "closed") return;
    this.#state = state;
    this.states.emit(state);
  }
}

function withRetryAfter(error: OrchestraClientError, retryAfterMs: number): OrchestraClientError {
  if (retryAfterMs === (error.retryAfterMs ?? 0)) return error;
  const { retryable, closeCode } = error;
  return new OrchestraClientError(error.code, error.message, { retryable, closeCode, retryAfterMs, cause: error });
}

import type { ServerFrame } from "@ai-orchestra/contracts";
import { buildStartFrame, type ChatRequest, type TextRestart } from "./chat-request.js";
import { ChatTurn } from "./chat-turn.js";
import { OrchestraClientError, toClientError } from "./client-error.js";
import { resolveClientOptions, type ClientOptions, type ResolvedClientOptions } from "./client-options.js";
import type { ConnectionState } from "./connection-state.js";
import { ConnectionSupervisor } from "./connection-supervisor.js";
import { createHttpRequester } from "./http-request.js";
import { assertId } from "./ids.js";
import { Listeners } from "./listeners.js";
import { SessionAttachments } from "./session-attachments.js";
import { createSessions, type Sessions } from "./sessions.js";
import { TokenSource } from "./token-source.js";
import { TurnRecord } from "./turn-record.js";
import { TurnRegistry } from "./turn-registry.js";
import type { TurnFrame } from "./turn-state.js";

/** A client of one AI Orchestra. It connects at the first turn and stays connected until `close()`. */
export class OrchestraClient {
  /** History over HTTP; needs no connection. */
  readonly sessions: Sessions;
  readonly #options: ResolvedClientOptions;
  readonly #tokens: TokenSource;
  readonly #turns: TurnRegistry;
  readonly #attachments: SessionAttachments;
  readonly #supervisor: ConnectionSupervisor;
  readonly #errors = new Listeners<OrchestraClientError>();
  #stopRefresh: () => void = () => undefined;

  constructor(options: ClientOptions) {
    this.#options = resolveClientOptions(options);
    this.#tokens = new TokenSource(this.#options.token);
    this.#turns = new TurnRegistry(this.#options);
    this.#attachments = new SessionAttachments({ findSessionId: (turnId) => this.#turns.find(turnId)?.sessionId });
    this.#supervisor = new ConnectionSupervisor({
      options: this.#options,
      tokens: this.#tokens,
      onFrame: (frame) => this.#handleFrame(frame),
      onOpen: (connection, { limits }) => {
        this.#stopRefresh();
        this.#stopRefresh = this.#tokens.keepFresh((token) => connection.send({ type: "auth.refresh", token }));
        const link = { send: connection.send.bind(connection), limits };
        this.#attachments.connect(link);
        this.#turns.connect(link);
      },
      onDown: () => this.#disconnect(),
      onClosed: (reason) => {
        this.#disconnect();
        this.#turns.failAll(reason);
      },
    });
    const { fetch, requestTimeoutMs } = this.#options;
    const listUrls = (): string[] => {
      const urls = [this.#supervisor.endpoint, ...this.#options.endpoints].map(({ httpUrl }) => httpUrl);
      return [...new Set(urls)];
    };
    this.sessions = createSessions(createHttpRequester({ fetch, tokens: this.#tokens, listUrls, requestTimeoutMs }));
  }

  get state(): ConnectionState {
    return this.#supervisor.state;
  }

  /** Calls `listener` at every change of `state`. Returns what removes it. */
  onState(listener: (state: ConnectionState) => void): () => void {
    return this.#supervisor.states.add(listener);
  }

  /** Calls `listener` with refusals that belong to no turn, of an `attach` for instance. Returns what removes it. */
  onError(listener: (error: OrchestraClientError) => void): () => void {
    return this.#errors.add(listener);
  }

  /**
   * Starts a turn, at once or, up to `maxQueuedTurns` of them, when there is a connection. Never throws for the
   * network: the turn says how it went. Throws `invalid_request` for a malformed id. The id of a turn that is already
   * running here joins that turn.
   */
  chat(request: string | ChatRequest): ChatTurn {
    const settings: ChatRequest = typeof request === "string" ? { text: request } : request;
    const start = buildStartFrame(settings, this.#options.sessionId);
    const known = this.#turns.find(start.turnId);
    const record = known ?? new TurnRecord(start.turnId, start);
    if (known === undefined) this.#add(record);
    this.#cancelOnAbort(record, settings.signal);
    return this.#viewTurn(record, settings.onRestart);
  }

  /** Follows a turn that was started before, by this program or another, from its beginning. */
  resume(o: { turnId: string; sessionId: string; onRestart?: (restart: TextRestart) => void }): ChatTurn {
    const { turnId, sessionId } = o;
    assertId("turnId", turnId);
    assertId("sessionId", sessionId);
    const known = this.#turns.find(turnId);
    const record = known ?? new TurnRecord(turnId, undefined);
    if (known === undefined) {
      record.apply({ type: "turn.accepted", turnId, sessionId, duplicate: true });
      this.#add(record);
    }
    return this.#viewTurn(record, o.onRestart);
  }

  /**
   * Calls `onFrame` with every frame of every turn of a session, from any of its tabs or devices, each once and in
   * order. Turns that begin and end while there is no connection are left to `sessions.messages`. Returns what ends it.
   */
  attach(sessionId: string, onFrame: (frame: TurnFrame) => void): () => void {
    assertId("sessionId", sessionId);
    const detach = this.#attachments.attach(sessionId, onFrame);
    this.#supervisor.start();
    return detach;
  }

  /** Connects ahead of the first turn. Resolves when open; rejects when the client is closed, or after `acceptTimeoutMs`. */
  connect(): Promise<void> {
    this.#supervisor.start();
    return new Promise((resolve, reject) => {
      const settle = (state: ConnectionState): void => {
        if (state.status !== "open" && state.status !== "closed") return;
        clearTimeout(timer);
        remove();
        if (state.status === "open") resolve();
        else reject(state.reason);
      };
      const remove = this.onState(settle);
      const timer = setTimeout(() => {
        remove();
        const { state } = this;
        const cause = state.status === "waiting" ? state.reason : undefined;
        reject(new OrchestraClientError("timeout", "no connection in time", { retryable: true, cause }));
      }, this.#options.acceptTimeoutMs);
      settle(this.state);
    });
  }

  /** Ends the connection. Turns that were accepted go on without this client; here all of them fail with `client_closed`. */
  close(): void {
    this.#supervisor.close();
  }

  #add(record: TurnRecord): void {
    const { state } = this;
    if (state.status === "closed") return record.fail(state.reason);
    this.#turns.add(record);
    this.#supervisor.start();
  }

  #viewTurn(record: TurnRecord, onRestart: ((restart: TextRestart) => void) | undefined): ChatTurn {
    return new ChatTurn({ record, requestCancel: () => this.#turns.cancel(record), onRestart });
  }

  #cancelOnAbort(record: TurnRecord, signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    const cancel = (): void => this.#turns.cancel(record);
    if (signal.aborted) return cancel();
    const remove = (): void => signal.removeEventListener("abort", cancel);
    signal.addEventListener("abort", cancel);
    record.completed.promise.then(remove, remove);
  }

  #handleFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
      case "drain":
      case "pong":
        return;
      case "error":
        if (frame.turnId === undefined) this.#errors.emit(toClientError(frame));
        else this.#turns.handleRefusal(frame, frame.turnId);
        return;
      default:
        if (!("turnId" in frame)) return;
        this.#attachments.handleFrame(frame);
        this.#turns.handleFrame(frame);
    }
  }

  #disconnect(): void {
    this.#stopRefresh();
    this.#attachments.disconnect();
    this.#turns.disconnect();
  }
}

/** Makes a client. Nothing is opened before the first `chat`, `attach` or `connect`. */
export function createClient(options: ClientOptions): OrchestraClient {
  return new OrchestraClient(options);
}

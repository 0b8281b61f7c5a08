import {
  createInbox,
  PermissionViolationError,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
  type Subscription,
} from "@nats-io/nats-core";
import { connect, nkeyAuthenticator } from "@nats-io/transport-node";
import { OrchestraError } from "@ai-orchestra/contracts";
import { toConnectFailure, unavailable } from "./errors.js";
import type { BusLogger, ResolvedBusOptions } from "./options.js";
import { OutgoingBatch } from "./outgoing-batch.js";

export type BusStatus = "connected" | "reconnecting" | "closed";
export type StatusListener = (status: BusStatus) => void;
/** Hears the subject of a message that the server refused because the user may not publish there. */
export type RefusedListener = (subject: string) => void;

/**
 * One NATS connection that redials for ever. Nothing is buffered while it is down: nats-core would drop it on the
 * redial, so `publish` throws instead.
 */
export class BusConnection {
  readonly nats: NatsConnection;
  readonly logger: BusLogger;
  readonly #drainTimeoutMs: number;
  readonly #inboxPrefix: string;
  readonly #listeners = new Set<StatusListener>();
  readonly #refusedListeners = new Set<RefusedListener>();
  readonly #outgoing: OutgoingBatch;
  #status: BusStatus = "connected";
  #drained: Promise<void> | undefined;

  constructor(nats: NatsConnection, options: ResolvedBusOptions) {
    this.nats = nats;
    this.#outgoing = new OutgoingBatch(nats);
    this.logger = options.logger;
    this.#drainTimeoutMs = options.drainTimeoutMs;
    this.#inboxPrefix = options.inboxPrefix;
    this.#watchStatus().catch((error: unknown) => this.logger.error({ err: error }, "lost sight of the bus status"));
  }

  get status(): BusStatus {
    return this.#status;
  }

  get maxPayloadBytes(): number {
    return this.nats.info?.max_payload ?? 1_048_576;
  }

  /** Calls the listener on every change; returns the function that ends it. */
  onStatus(listener: StatusListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls the listener for every message that the server refused; returns the function that ends it. */
  onRefused(listener: RefusedListener): () => void {
    this.#refusedListeners.add(listener);
    return () => void this.#refusedListeners.delete(listener);
  }

  /** A subject for answers that nobody else has. */
  createInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  /**
   * Sends a message, together with what else this turn of the event loop sends.
   *
   * @param headerText a block from `headers.ts`, or empty
   * @throws OrchestraError `unavailable` while not connected, `too_large` above `maxPayloadBytes`, `invalid_request` for
   *   a subject that is none
   */
  publish(subject: string, payload: string | Uint8Array, headerText = "", reply = ""): void {
    if (this.#status !== "connected" || !this.#outgoing.isWritable) throw unavailable("the bus is not connected");
    this.#outgoing.add(subject, payload, headerText, reply, this.maxPayloadBytes);
  }

  /**
   * Subscribes; the subscription comes back by itself after a redial. The callback may throw: an exception that
   * reached nats-core would end its read loop, so it is logged here.
   */
  subscribe(subject: string, callback: (message: Msg) => void, queue?: string): Subscription {
    if (this.#status === "closed") throw unavailable("the bus is closed");
    return this.nats.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null) {
          this.logger.error({ err: error, subject }, "a subscription was refused");
          return;
        }
        try {
          callback(message);
        } catch (thrown) {
          this.logger.error({ err: thrown, subject }, "a message handler failed");
        }
      },
    });
  }

  /** Resolves when the server has read everything that was published before. */
  async flush(): Promise<void> {
    if (this.#status !== "connected") throw unavailable(`the bus is ${this.#status}`);
    this.#outgoing.flush();
    try {
      await this.#withinDrainTimeout(this.nats.flush());
    } catch (error) {
      throw error instanceof OrchestraError ? error : unavailable("the bus went away during a flush", error);
    }
  }

  /** Ends the subscriptions, lets what was received be handled, and closes. Later calls share the first one's promise. */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    if (this.#status === "connected") {
      this.#outgoing.flush();
      try {
        await this.#withinDrainTimeout(this.nats.drain());
      } catch (error) {
        this.logger.warn({ err: error }, "the bus did not drain, closing it");
      }
    }
    await this.nats.close();
    this.#setStatus("closed");
  }

  async #withinDrainTimeout<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new OrchestraError("timeout", `the bus did not answer within ${this.#drainTimeoutMs} ms`));
      }, this.#drainTimeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #watchStatus(): Promise<void> {
    for await (const event of this.nats.status()) {
      switch (event.type) {
        case "disconnect":
          this.logger.warn({ server: event.server }, "the bus connection was lost, reconnecting");
          this.#setStatus("reconnecting");
          break;
        case "reconnect":
          this.logger.info({ server: event.server }, "the bus is connected again");
          this.#setStatus("connected");
          break;
        case "error":
          this.logger.error({ err: event.error }, "the bus reported an error");
          this.#tellRefused(event.error);
          break;
        case "ldm":
          this.logger.info({ server: event.server }, "the bus server is about to shut down");
          break;
        case "close":
          this.#setStatus("closed");
          break;
        default:
          break;
      }
    }
    this.#setStatus("closed");
  }

  #tellRefused(error: Error): void {
    if (!(error instanceof PermissionViolationError) || error.operation !== "publish") return;
    for (const listener of this.#refusedListeners) listener(error.subject);
  }

  #setStatus(status: BusStatus): void {
    if (this.#status === status || this.#status === "closed") return;
    this.#status = status;
    if (status !== "connected") this.#outgoing.discard();
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (error) {
        this.logger.error({ err: error, status }, "a bus status listener failed");
      }
    }
  }
}

/**
 * Dials until a server answers.
 *
 * @throws OrchestraError `unauthorized` when the credentials are refused, `unavailable` after `connectTimeoutMs`
 */
export async function openConnection(options: ResolvedBusOptions): Promise<BusConnection> {
  const giveUpAt = Date.now() + options.connectTimeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return new BusConnection(await connect(toNatsOptions(options)), options);
    } catch (error) {
      const failure = toConnectFailure(error, options.servers);
      const delayMs = reconnectDelayMs(options);
      if (!failure.retryable || Date.now() + delayMs > giveUpAt) throw failure;
      if (attempt === 1) options.logger.warn({ servers: options.servers, err: failure }, "waiting for the bus");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

function toNatsOptions(options: ResolvedBusOptions): ConnectionOptions {
  return {
    servers: [...options.servers],
    name: options.name,
    timeout: 5_000,
    reconnect: true,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectDelayHandler: () => reconnectDelayMs(options),
    pingInterval: options.pingIntervalMs,
    maxPingOut: 2,
    noAsyncTraces: true,
    inboxPrefix: options.inboxPrefix,
    ...(options.user === undefined ? {} : { user: options.user }),
    ...(options.password === undefined ? {} : { pass: options.password }),
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.nkeySeed === undefined
      ? {}
      : { authenticator: nkeyAuthenticator(new TextEncoder().encode(options.nkeySeed)) }),
  };
}

function reconnectDelayMs(options: ResolvedBusOptions): number {
  const { reconnectMinDelayMs: shortest, reconnectMaxDelayMs: longest } = options;
  return Math.floor(shortest + Math.random() * (longest - shortest));
}

import type { Context } from "@opentelemetry/api";
import { AckPolicy, DeliverPolicy, type JetStreamManager } from "@nats-io/jetstream";
import { nuid, type Msg, type Subscription } from "@nats-io/nats-core";
import type { z } from "zod";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import type { BusConnection } from "../connection.js";
import { headerStatus, headerValue, HEADERS, readHeaderText, readText } from "../headers.js";
import { readPosition } from "../jetstream/delivery-position.js";
import { parseStored } from "../jetstream/parse-stored.js";
import { SilenceWatch } from "../jetstream/silence-watch.js";

const NANOS_PER_MS = 1_000_000;
const IDLE_HEARTBEAT_MS = 1_000;
const INACTIVE_THRESHOLD_MS = 10_000;
const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 1_000;

/** A change of a key. `traceContext` is the writer's. */
export type KvChange<T> =
  | {
      readonly operation: "put";
      readonly key: string;
      readonly value: T;
      readonly revision: number;
      readonly traceContext: Context;
    }
  | { readonly operation: "delete"; readonly key: string; readonly revision: number; readonly traceContext: Context };

export type KvWatchHandler<T> = (change: KvChange<T>) => void;

export interface KvWatchOptions<T> {
  readonly connection: BusConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subjectPrefix: string;
  readonly filterSubject: string;
  readonly schema: z.ZodType<T>;
  readonly handler: KvWatchHandler<T>;
  readonly ensureStream: () => Promise<void>;
}

/**
 * Follows a bucket through an ordered consumer that is replaced whenever it may have missed something: after a
 * reconnect, a gap, or when its heartbeat fails to come.
 */
export class KvWatch<T> {
  /** Resolves when the handler has seen every value that was there when the watch began. */
  readonly ready: Promise<void>;
  readonly #options: KvWatchOptions<T>;
  readonly #silence: SilenceWatch;
  readonly #unwatchStatus: () => void;
  #resolveReady: () => void = () => undefined;
  #subscription: Subscription | undefined;
  #consumer: string | undefined;
  #consumerSequence = 0;
  /** Of the newest change that the handler has seen. */
  #revision = 0;
  #streamCreatedAt: string | undefined;
  /** The consumer is there, and sends heartbeats. */
  #isReceiving = false;
  #failures = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  #state: "watching" | "stopped" = "watching";

  constructor(options: KvWatchOptions<T>) {
    this.#options = options;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    this.#unwatchStatus = options.connection.onStatus((status) => {
      if (status === "connected") this.#begin();
      else this.#abandon();
    });
    this.#silence = new SilenceWatch({
      isWaiting: () => this.#isReceiving,
      onSilence: () => this.#begin(),
    });
    if (options.connection.status === "connected") this.#begin();
  }

  /** Ends the watch. Idempotent. */
  stop(): void {
    if (this.#state === "stopped") return;
    this.#state = "stopped";
    this.#unwatchStatus();
    this.#silence.stop();
    this.#abandon();
  }

  /** The consumer ends by itself when nobody listens to it any more. */
  #abandon(): void {
    clearTimeout(this.#retryTimer);
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#isReceiving = false;
  }

  #begin(): void {
    this.#abandon();
    this.#consumerSequence = 0;
    const inbox = this.#options.connection.createInbox();
    const subscription = this.#options.connection.subscribe(inbox, (message) => {
      if (subscription === this.#subscription) this.#receive(message, inbox);
    });
    this.#subscription = subscription;
    this.#createConsumer(subscription, inbox).catch((error: unknown) => this.#retry(subscription, error));
  }

  async #createConsumer(subscription: Subscription, inbox: string): Promise<void> {
    const { manager, stream, filterSubject, ensureStream } = this.#options;
    await ensureStream();
    const info = await manager.streams.info(stream);
    if (info.created !== this.#streamCreatedAt) this.#revision = 0;
    this.#streamCreatedAt = info.created;
    if (subscription !== this.#subscription) return;
    const revision = this.#revision;
    this.#consumer = `WATCH_${nuid.next()}`;
    const consumer = await manager.consumers.add(stream, {
      name: this.#consumer,
      deliver_subject: inbox,
      ...(revision === 0
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: revision + 1 }),
      filter_subject: filterSubject,
      ack_policy: AckPolicy.None,
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: IDLE_HEARTBEAT_MS * NANOS_PER_MS,
      inactive_threshold: INACTIVE_THRESHOLD_MS * NANOS_PER_MS,
      mem_storage: true,
      num_replicas: 1,
    });
    if (subscription !== this.#subscription) return;
    this.#isReceiving = true;
    this.#silence.hear();
    this.#failures = 0;
    if (consumer.num_pending === 0 && consumer.delivered.consumer_seq === 0) this.#resolveReady();
  }

  #retry(subscription: Subscription, error: unknown): void {
    if (subscription !== this.#subscription) return;
    this.#options.connection.logger.warn({ err: error, stream: this.#options.stream }, "a watch could not begin");
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retryTimer = setTimeout(() => this.#begin(), delayMs);
  }

  #receive(message: Msg, inbox: string): void {
    this.#silence.hear();
    const headerText = readHeaderText(message);
    if (message.subject === inbox) {
      this.#receiveStatus(message, headerText);
      return;
    }
    const position = readPosition(message.reply ?? "");
    if (position.consumerSequence !== this.#consumerSequence + 1) {
      this.#begin();
      return;
    }
    this.#consumerSequence = position.consumerSequence;
    if (position.sequence > this.#revision) {
      this.#revision = position.sequence;
      this.#tell(message, headerText, position.sequence);
    }
    if (position.pendingCount === 0) this.#resolveReady();
  }

  #receiveStatus(message: Msg, headerText: string): void {
    if (headerStatus(headerText) !== 100) {
      this.#begin();
      return;
    }
    const { connection } = this.#options;
    const stalled = headerValue(headerText, HEADERS.consumerStalled);
    if (message.reply !== undefined && message.reply !== "") connection.publish(message.reply, "");
    else if (stalled !== undefined) connection.publish(stalled, "");
    const last = headerValue(headerText, HEADERS.lastConsumerSequence);
    if (last !== undefined && Number(last) > this.#consumerSequence) this.#begin();
  }

  #tell(message: Msg, headerText: string, revision: number): void {
    const { handler, schema, subjectPrefix, stream, connection } = this.#options;
    const key = message.subject.slice(subjectPrefix.length);
    const traceContext = extractTraceContext(headerValue(headerText, HEADERS.traceparent));
    if (headerText !== "" && headerValue(headerText, HEADERS.kvOperation) !== undefined) {
      handler({ operation: "delete", key, revision, traceContext });
      return;
    }
    const parsed = parseStored(readText(message), schema);
    if (parsed.success) handler({ operation: "put", key, value: parsed.data, revision, traceContext });
    else connection.logger.error({ stream, key, issues: parsed.issues }, "skipped a value that is not valid");
  }
}

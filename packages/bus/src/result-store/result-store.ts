import { context } from "@opentelemetry/api";
import { DiscardPolicy, RetentionPolicy, type JetStreamManager } from "@nats-io/jetstream";
import type { z } from "zod";
import { OrchestraError } from "@ai-orchestra/contracts";
import { getTracer } from "@ai-orchestra/telemetry";
import type { Bus } from "../bus.js";
import { encodeJson } from "../json.js";
import { ensureConsumer } from "../jetstream/ensure-consumer.js";
import { ensureStream, openManager, type StreamStorage } from "../jetstream/ensure-stream.js";
import { PullConsumption } from "../jetstream/pull-consumption.js";
import { readLast, type LastMessage } from "../jetstream/read-last.js";
import { publishStored } from "../jetstream/stored-publish.js";
import { EntryRunner, type EntryHandler } from "./entry-runner.js";
import { Following } from "./following.js";

const NANOS_PER_MS = 1_000_000;
const TIMEOUT_MS = 5_000;
const DEFAULT_ACK_WAIT_MS = 30_000;
const FOLLOW_MAX_ACK_PENDING = 10_000;
const DEFAULT_RETRY_DELAY_MS = 1_000;

export interface ResultStoreOptions<T> {
  readonly stream: string;
  readonly subjects: readonly string[];
  readonly schema: z.ZodType<T>;
  /** How long a result is kept. */
  readonly maxAgeMs: number;
  /** Bound of the whole store; a result beyond it is refused with `overloaded`. */
  readonly maxBytes: number;
  readonly replicas: number;
  readonly storage: StreamStorage;
}

export type PutOutcome = { readonly status: "stored"; readonly sequence: number } | { readonly status: "exists" };

export interface StoredResult<T> {
  readonly value: T;
  /** Order in which results were stored. */
  readonly sequence: number;
}

export interface FollowOptions {
  /** Handlers that run at the same time; 1 keeps the order of the results, but for those that are retried. */
  concurrency: number;
  /** Wait before a result whose handler threw comes again. Default 1 000. */
  retryDelayMs?: number;
  /** After this long without a word from the process that has a result, another one gets it. Default 30 000. */
  ackWaitMs?: number;
}

/** One result per subject: the first one put stands, every other is refused. */
export class ResultStore<T> {
  readonly #bus: Bus;
  readonly #manager: JetStreamManager;
  readonly #options: ResultStoreOptions<T>;

  private constructor(bus: Bus, manager: JetStreamManager, options: ResultStoreOptions<T>) {
    this.#bus = bus;
    this.#manager = manager;
    this.#options = options;
  }

  static async open<T>(bus: Bus, options: ResultStoreOptions<T>): Promise<ResultStore<T>> {
    const store = new ResultStore(bus, await openManager(bus), options);
    await store.#ensureStream();
    return store;
  }

  /**
   * Stores a result unless the subject has one. Resolves when it is decided; rejects with `overloaded`, `too_large`,
   * `unavailable` or `timeout`. After the last two putting it again is safe: `exists` may then be one's own result.
   */
  async put(subject: string, value: T): Promise<PutOutcome> {
    try {
      const { sequence } = await publishStored(this.#bus.requests, subject, encodeJson(value), {
        stream: this.#options.stream,
        timeoutMs: TIMEOUT_MS,
        traceContext: context.active(),
      });
      return { status: "stored", sequence };
    } catch (error) {
      // JetStream has one code for every limit: only a look tells "there is one already" from "the store is full".
      if (error instanceof OrchestraError && error.code === "overloaded" && (await this.#read(subject)) !== undefined) {
        return { status: "exists" };
      }
      throw error;
    }
  }

  /** The result of a subject. Rejects with `unavailable`, `timeout`, or `internal` when it does not fit the schema. */
  async get(subject: string): Promise<StoredResult<T> | undefined> {
    const found = await this.#read(subject);
    if (found === undefined) return undefined;
    try {
      return { value: this.#options.schema.parse(JSON.parse(found.text)), sequence: found.sequence };
    } catch (cause) {
      throw new OrchestraError("internal", `the result on ${subject} is not valid`, { cause });
    }
  }

  /**
   * Hands every result to the handler, from the oldest that is kept on, and again until it succeeds. The position
   * belongs to `durable`: processes that follow under one name share the results between them.
   */
  async follow(durable: string, handler: EntryHandler<T>, options: FollowOptions): Promise<Following> {
    const { stream, schema } = this.#options;
    const { concurrency, retryDelayMs = DEFAULT_RETRY_DELAY_MS, ackWaitMs = DEFAULT_ACK_WAIT_MS } = options;
    const ensure = (): Promise<void> =>
      ensureConsumer(this.#manager, {
        stream,
        name: durable,
        ackWaitMs,
        maxAckPending: FOLLOW_MAX_ACK_PENDING,
      });
    await ensure();
    const { logger } = this.#bus.connection;
    const runner = new EntryRunner({
      handler,
      schema,
      stream,
      logger,
      tracer: getTracer("bus"),
      retryDelayMs,
      workingIntervalMs: ackWaitMs / 3,
    });
    const pulls = new PullConsumption({
      connection: this.#bus.connection,
      stream,
      lanes: [{ consumer: durable, weight: 1 }],
      slots: concurrency,
      handle: (delivery) => runner.run(delivery),
      recover: async () => {
        try {
          await this.#ensureStream();
          await ensure();
        } catch (error) {
          logger.warn({ err: error, stream }, "the result store is not available");
        }
      },
    });
    return new Following({ pulls, runner, manager: this.#manager, stream, durable });
  }

  #read(subject: string): Promise<LastMessage | undefined> {
    const { stream, replicas } = this.#options;
    return readLast(this.#bus.requests, { stream, subject, replicas, timeoutMs: TIMEOUT_MS });
  }

  #ensureStream(): Promise<void> {
    const { stream, subjects, maxAgeMs, maxBytes, replicas, storage } = this.#options;
    return ensureStream(
      this.#manager,
      {
        name: stream,
        subjects: [...subjects],
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New,
        discard_new_per_subject: true,
        max_msgs_per_subject: 1,
        max_age: maxAgeMs * NANOS_PER_MS,
        max_bytes: maxBytes,
        num_replicas: replicas,
        storage,
        allow_direct: true,
      },
      { createOnly: false, logger: this.#bus.connection.logger },
    );
  }
}

/** Opens a result store; creates its stream where it is missing. */
export function openResultStore<T>(bus: Bus, options: ResultStoreOptions<T>): Promise<ResultStore<T>> {
  return ResultStore.open(bus, options);
}

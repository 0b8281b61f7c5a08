import { context, SpanKind, type Context } from "@opentelemetry/api";
import { DiscardPolicy, RetentionPolicy, type JetStreamManager } from "@nats-io/jetstream";
import type { z } from "zod";
import { OrchestraError } from "@ai-orchestra/contracts";
import { getTracer } from "@ai-orchestra/telemetry";
import type { Bus } from "../bus.js";
import { fromNatsError } from "../errors.js";
import { encodeJson } from "../json.js";
import { ensureConsumer } from "../jetstream/ensure-consumer.js";
import { ensureStream, openManager, type StreamStorage } from "../jetstream/ensure-stream.js";
import { PullConsumption } from "../jetstream/pull-consumption.js";
import { publishStored, type StoredMessage } from "../jetstream/stored-publish.js";
import { failSpan, startSpan } from "../tracing.js";
import { Consumption } from "./consumption.js";
import { JobRunner, type JobHandler } from "./job-runner.js";

const NANOS_PER_MS = 1_000_000;
/** Longer than a NATS cluster takes to elect a leader, which is up to 9 s. */
const DEFAULT_SUBMIT_TIMEOUT_MS = 10_000;
/** How often a message is offered again to a stream that is without a leader, or whose leader died with the message. */
const SUBMIT_RETRY_MS = 200;
const SUBMIT_TRY_TIMEOUT_MS = 2_000;

const DEFAULT_MAX_UNREADABLE_DELIVERIES = 20;

export interface WorkQueueOptions<T, Lane extends string = string> {
  readonly stream: string;
  /** A lane's subject is `<subjectPrefix>.<lane>`. */
  readonly subjectPrefix: string;
  /** Lanes with their weight: their share of the slots when all have work. */
  readonly lanes: Readonly<Record<Lane, number>>;
  readonly schema: z.ZodType<T>;
  /** A job of which nothing is heard for this long is given to somebody else. */
  readonly ackWaitMs: number;
  /** Bounds of the whole queue; a submission beyond them is refused with `overloaded`. */
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Jobs in work, per lane and over all processes. */
  readonly maxAckPending: number;
  readonly replicas: number;
  readonly storage: StreamStorage;
  /**
   * A message that this process cannot read may be meant for a newer one: it is given back, and removed when it was
   * delivered this often. Default 20, about 40 s.
   */
  readonly maxUnreadableDeliveries?: number;
  /** Leaves a queue that exists as it is, instead of bringing it to these settings. */
  readonly createOnly?: boolean;
}

export interface SubmitOptions {
  /** Two submissions with the same id within two minutes are one message. */
  messageId: string;
  /** How long to wait for the acknowledgement, tries included. Default 10 000. */
  timeoutMs?: number;
}

/** A durable queue with weighted lanes. A message is in it until a job acknowledges it. */
export class WorkQueue<T, Lane extends string = string> {
  readonly #bus: Bus;
  readonly #manager: JetStreamManager;
  readonly #options: WorkQueueOptions<T, Lane>;
  readonly #lanes: readonly Lane[];
  readonly #tracer = getTracer("bus");

  private constructor(bus: Bus, manager: JetStreamManager, options: WorkQueueOptions<T, Lane>) {
    this.#bus = bus;
    this.#manager = manager;
    this.#options = options;
    this.#lanes = Object.keys(options.lanes) as Lane[];
  }

  static async open<T, Lane extends string>(bus: Bus, options: WorkQueueOptions<T, Lane>): Promise<WorkQueue<T, Lane>> {
    const queue = new WorkQueue(bus, await openManager(bus), options);
    await queue.#ensure();
    return queue;
  }

  /**
   * Puts a message into a lane and resolves when the queue has stored it; while a cluster elects a leader it is offered
   * again, until `timeoutMs`. Rejects with an OrchestraError: `overloaded` with `retryAfterMs` when the queue is full,
   * `unavailable` (at once where the bus is not connected) or `timeout` when nothing was confirmed. After those two,
   * submitting again with the same message id is safe.
   */
  async submit(lane: Lane, message: T, options: SubmitOptions): Promise<StoredMessage> {
    const subject = this.#subject(lane);
    const parent = context.active();
    const span = startSpan(this.#tracer, "submit", SpanKind.PRODUCER, subject, parent);
    try {
      const stored = await this.#store(subject, encodeJson(message), options, span?.context ?? parent);
      span?.span.end();
      return stored;
    } catch (thrown) {
      const error = OrchestraError.from(thrown);
      failSpan(span, error);
      throw error;
    }
  }

  /**
   * Works on the queue with at most `slots` handlers at a time. A message that does not fit the schema is removed and
   * logged without its content. A handler that throws, or ends without ack, nak or terminate, has its message delivered
   * again after a delay that grows with the deliveries.
   */
  consume(handler: JobHandler<T>, { slots }: { slots: number }): Consumption {
    const runner = new JobRunner({
      handler,
      schema: this.#options.schema,
      stream: this.#options.stream,
      maxUnreadableDeliveries: this.#options.maxUnreadableDeliveries ?? DEFAULT_MAX_UNREADABLE_DELIVERIES,
      logger: this.#bus.connection.logger,
      tracer: this.#tracer,
    });
    return new Consumption(
      new PullConsumption({
        connection: this.#bus.connection,
        stream: this.#options.stream,
        lanes: this.#lanes.map((lane) => ({ consumer: this.#consumer(lane), weight: this.#options.lanes[lane] })),
        slots,
        handle: (delivery) => runner.run(delivery),
        recover: () => this.#recover(),
      }),
    );
  }

  /** Messages of each lane that nobody has taken yet. */
  async pending(): Promise<Record<Lane, number>> {
    try {
      const counts = await Promise.all(
        this.#lanes.map(async (lane) => {
          const info = await this.#manager.consumers.info(this.#options.stream, this.#consumer(lane));
          return [lane, info.num_pending] as const;
        }),
      );
      return Object.fromEntries(counts) as Record<Lane, number>;
    } catch (error) {
      throw fromNatsError(error, `the state of ${this.#options.stream}`);
    }
  }

  async #store(
    subject: string,
    payload: string,
    { messageId, timeoutMs = DEFAULT_SUBMIT_TIMEOUT_MS }: SubmitOptions,
    traceContext: Context,
  ): Promise<StoredMessage> {
    const { stream } = this.#options;
    const giveUpAt = performance.now() + timeoutMs;
    for (let remainingMs = timeoutMs; ; remainingMs = giveUpAt - performance.now()) {
      try {
        const tryTimeoutMs = Math.min(remainingMs, SUBMIT_TRY_TIMEOUT_MS);
        return await publishStored(this.#bus.requests, subject, payload, {
          stream,
          messageId,
          timeoutMs: tryTimeoutMs,
          traceContext,
        });
      } catch (thrown) {
        const { code } = OrchestraError.from(thrown);
        const mayPass = (code === "unavailable" || code === "timeout") && this.#bus.status === "connected";
        if (!mayPass || giveUpAt - performance.now() <= SUBMIT_RETRY_MS) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, SUBMIT_RETRY_MS));
      }
    }
  }

  #subject(lane: Lane): string {
    return `${this.#options.subjectPrefix}.${lane}`;
  }

  #consumer(lane: Lane): string {
    return `${this.#options.stream}-${lane}`;
  }

  async #recover(): Promise<void> {
    try {
      await this.#ensure();
    } catch (error) {
      this.#bus.connection.logger.warn({ err: error, stream: this.#options.stream }, "the work queue is not available");
    }
  }

  async #ensure(): Promise<void> {
    const { stream, ackWaitMs, maxAckPending } = this.#options;
    await ensureStream(
      this.#manager,
      {
        name: stream,
        subjects: [`${this.#options.subjectPrefix}.*`],
        retention: RetentionPolicy.Workqueue,
        discard: DiscardPolicy.New,
        storage: this.#options.storage,
        num_replicas: this.#options.replicas,
        max_msgs: this.#options.maxMessages,
        max_bytes: this.#options.maxBytes,
        duplicate_window: 120_000 * NANOS_PER_MS,
      },
      { createOnly: this.#options.createOnly ?? false, logger: this.#bus.connection.logger },
    );
    for (const lane of this.#lanes) {
      await ensureConsumer(this.#manager, {
        stream,
        name: this.#consumer(lane),
        filterSubject: this.#subject(lane),
        ackWaitMs,
        maxAckPending,
      });
    }
  }
}

/** Opens a work queue: creates its stream and a durable consumer for each lane where they are missing. */
export function openWorkQueue<T, Lane extends string>(
  bus: Bus,
  options: WorkQueueOptions<T, Lane>,
): Promise<WorkQueue<T, Lane>> {
  return WorkQueue.open(bus, options);
}

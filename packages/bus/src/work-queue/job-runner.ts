import { SpanKind, type Tracer } from "@opentelemetry/api";
import type { z } from "zod";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { Delivery } from "../jetstream/delivery.js";
import { parseStored } from "../jetstream/parse-stored.js";
import type { BusLogger } from "../options.js";
import { failSpan, runInContext, startSpan } from "../tracing.js";
import { Job } from "./job.js";

export type JobHandler<T> = (job: Job<T>) => Promise<void>;

const FIRST_RETRY_DELAY_MS = 250;
/** Deliveries grow with every nak, those of a job that only waits its turn included, so the delay is bounded low. */
const MAX_RETRY_DELAY_MS = 2_000;

export interface JobRunnerOptions<T> {
  readonly handler: JobHandler<T>;
  readonly schema: z.ZodType<T>;
  readonly stream: string;
  readonly maxUnreadableDeliveries: number;
  readonly logger: BusLogger;
  readonly tracer: Tracer;
}

/** Turns a delivery into a job, runs the handler in its trace, and sees to it that the message is settled. */
export class JobRunner<T> {
  readonly #options: JobRunnerOptions<T>;

  constructor(options: JobRunnerOptions<T>) {
    this.#options = options;
  }

  async run(delivery: Delivery): Promise<void> {
    const { schema, stream, logger, tracer, handler } = this.#options;
    const parsed = parseStored(delivery.text(), schema);
    if (!parsed.success) {
      this.#refuse(delivery, parsed.issues);
      return;
    }
    const parent = delivery.traceContext();
    const span = startSpan(tracer, "consume", SpanKind.CONSUMER, delivery.subject, parent);
    const job = new Job(delivery, parsed.data, span?.context ?? parent);
    try {
      await runInContext(job.traceContext, handler, job);
      span?.span.end();
      if (delivery.settled) return;
      logger.error({ stream, sequence: delivery.sequence }, "a handler ended without ack, nak or terminate");
    } catch (thrown) {
      failSpan(span, OrchestraError.from(thrown));
      logger.error({ err: thrown, stream, sequence: delivery.sequence }, "a handler failed");
    }
    delivery.nak(Math.min(MAX_RETRY_DELAY_MS, FIRST_RETRY_DELAY_MS * 2 ** Math.min(16, delivery.deliveryCount - 1)));
  }

  #refuse(delivery: Delivery, issues: unknown): void {
    const { stream, logger, maxUnreadableDeliveries } = this.#options;
    const { sequence, deliveryCount } = delivery;
    if (deliveryCount < maxUnreadableDeliveries) {
      logger.warn({ stream, sequence, issues }, "gave back a message that is not valid here");
      delivery.nak(MAX_RETRY_DELAY_MS);
      return;
    }
    logger.error({ stream, sequence, issues }, "removed a message that is not valid");
    delivery.terminate("not valid");
  }
}

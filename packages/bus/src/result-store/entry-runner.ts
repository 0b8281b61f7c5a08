import { SpanKind, type Context, type Tracer } from "@opentelemetry/api";
import type { z } from "zod";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { Delivery } from "../jetstream/delivery.js";
import { parseStored } from "../jetstream/parse-stored.js";
import type { BusLogger } from "../options.js";
import { failSpan, runInContext, startSpan } from "../tracing.js";

/** A result as a follower sees it. */
export interface FollowedEntry<T> {
  readonly value: T;
  /** Order in which results were stored. */
  readonly sequence: number;
  /** 1 at first; grows with every retry. */
  readonly deliveryCount: number;
  /** The trace that the result was put in; the handler runs inside it. */
  readonly traceContext: Context;
}

export type EntryHandler<T> = (entry: FollowedEntry<T>) => Promise<void>;

export interface EntryRunnerOptions<T> {
  readonly handler: EntryHandler<T>;
  readonly schema: z.ZodType<T>;
  readonly stream: string;
  readonly logger: BusLogger;
  readonly tracer: Tracer;
  readonly retryDelayMs: number;
  /** How often the server is told that a handler still runs. */
  readonly workingIntervalMs: number;
}

/** Runs the handler for a delivered result: acknowledged when it succeeds, delivered again when it throws. */
export class EntryRunner<T> {
  readonly #options: EntryRunnerOptions<T>;
  readonly #running = new Set<Delivery>();
  readonly #workingTimer: NodeJS.Timeout;

  constructor(options: EntryRunnerOptions<T>) {
    this.#options = options;
    this.#workingTimer = setInterval(() => {
      for (const delivery of this.#running) delivery.working();
    }, options.workingIntervalMs);
    this.#workingTimer.unref();
  }

  async run(delivery: Delivery): Promise<void> {
    const { schema, stream, logger, tracer, handler, retryDelayMs } = this.#options;
    const parsed = parseStored(delivery.text(), schema);
    if (!parsed.success) {
      logger.error(
        { stream, sequence: delivery.sequence, issues: parsed.issues },
        "skipped a result that is not valid",
      );
      delivery.terminate("not valid");
      return;
    }
    const parent = delivery.traceContext();
    const span = startSpan(tracer, "follow", SpanKind.CONSUMER, stream, parent);
    const entry: FollowedEntry<T> = {
      value: parsed.data,
      sequence: delivery.sequence,
      deliveryCount: delivery.deliveryCount,
      traceContext: span?.context ?? parent,
    };
    this.#running.add(delivery);
    try {
      await runInContext(entry.traceContext, handler, entry);
      delivery.ack();
      span?.span.end();
    } catch (thrown) {
      failSpan(span, OrchestraError.from(thrown));
      logger.warn({ err: thrown, stream, sequence: delivery.sequence, retryDelayMs }, "a result will be tried again");
      delivery.nak(retryDelayMs);
    } finally {
      this.#running.delete(delivery);
    }
  }

  stop(): void {
    clearInterval(this.#workingTimer);
  }
}

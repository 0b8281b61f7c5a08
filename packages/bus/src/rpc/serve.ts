import { SpanKind, type Context, type Tracer } from "@opentelemetry/api";
import type { Msg, Subscription } from "@nats-io/nats-core";
import type { z } from "zod";
import { OrchestraError, toInvalidRequest, type CallContract } from "@ai-orchestra/contracts";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import type { BusConnection } from "../connection.js";
import { encodeHeaders, headerValue, HEADERS, readHeaderText, readText } from "../headers.js";
import { encodeJson } from "../json.js";
import { failSpan, runInContext, startSpan, type ActiveSpan } from "../tracing.js";
import type { DeadlineScope } from "./deadline.js";
import { IncomingCall, type CallContext, type IncomingDeadlines } from "./incoming-call.js";

/** What a handler returns to stay silent: another instance may answer, or the caller runs into its timeout. */
export const NO_REPLY: unique symbol = Symbol("no reply");

export type CallHandler<Request extends z.ZodType, Response extends z.ZodType> = (
  request: z.output<Request>,
  call: CallContext,
) => Promise<z.input<Response> | typeof NO_REPLY> | z.input<Response> | typeof NO_REPLY;

export interface ServeOptions {
  /** Instances of one queue group share the calls; default is the subject's first token. `false`: every one hears all. */
  queue?: string | false;
  /** Calls handled at the same time; more are refused with `overloaded`. Default 4 096. */
  maxInFlight?: number;
}

export interface ServeDependencies {
  readonly connection: BusConnection;
  readonly deadlineScope: DeadlineScope;
  readonly deadlines: IncomingDeadlines;
  readonly tracer: Tracer;
}

const OVERLOADED_RETRY_AFTER_MS = 100;

/** How long `stop` waits for a handler that outlives its caller. */
const STOP_GRACE_MS = 5_000;

/** Answers the calls of a contract until it is stopped. See `Bus.serve`. */
export class ServedCall<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly #dependencies: ServeDependencies;
  readonly #contract: CallContract<Request, Response>;
  readonly #handler: CallHandler<Request, Response>;
  readonly #maxInFlight: number;
  readonly #subscription: Subscription;
  readonly #idle = new Set<() => void>();
  #inFlight = 0;
  #stopped: Promise<void> | undefined;

  constructor(
    dependencies: ServeDependencies,
    contract: CallContract<Request, Response>,
    handler: CallHandler<Request, Response>,
    options: ServeOptions = {},
  ) {
    this.#dependencies = dependencies;
    this.#contract = contract;
    this.#handler = handler;
    this.#maxInFlight = options.maxInFlight ?? 4_096;
    const queue = options.queue ?? contract.subject.split(".", 1)[0];
    this.#subscription = dependencies.connection.subscribe(
      contract.subject,
      (message) => this.#receive(message),
      queue === false ? undefined : queue,
    );
  }

  /** Takes no new calls and resolves when those that run have been answered, or after 5 s. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { connection } = this.#dependencies;
    if (connection.status === "connected" && !this.#subscription.isClosed()) await this.#subscription.drain();
    else this.#subscription.unsubscribe();
    if (this.#inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_GRACE_MS);
      this.#idle.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #receive(message: Msg): void {
    const headerText = readHeaderText(message);
    const timeoutText = headerText === "" ? undefined : headerValue(headerText, HEADERS.timeoutMs);
    const timeoutMs = timeoutText === undefined ? Number.NaN : Number(timeoutText);
    const traceparent = headerText === "" ? undefined : headerValue(headerText, HEADERS.traceparent);
    const parent = traceparent === undefined ? undefined : extractTraceContext(traceparent);
    const { subject } = this.#contract;
    const span = parent && startSpan(this.#dependencies.tracer, `serve ${subject}`, SpanKind.SERVER, subject, parent);
    const call = new IncomingCall(
      Number.isFinite(timeoutMs) ? timeoutMs : this.#contract.timeoutMs,
      this.#dependencies.deadlines,
    );
    this.#inFlight += 1;
    try {
      if (this.#inFlight > this.#maxInFlight) throw overloaded(subject);
      const output = this.#runHandler(message, call, span?.context ?? parent);
      if (output instanceof Promise) {
        output.then(
          (value) => this.#succeed(message, call, span, value),
          (error: unknown) => this.#fail(message, call, span, error),
        );
      } else {
        this.#succeed(message, call, span, output);
      }
    } catch (error) {
      this.#fail(message, call, span, error);
    }
  }

  #runHandler(message: Msg, call: IncomingCall, ctx: Context | undefined): ReturnType<CallHandler<Request, Response>> {
    const request = this.#parseRequest(readText(message));
    return runInContext(ctx, () => this.#dependencies.deadlineScope.run(call.deadlineAt, this.#handler, request, call));
  }

  #parseRequest(text: string): z.output<Request> {
    let json: unknown;
    try {
      json = text === "" ? undefined : JSON.parse(text);
    } catch (cause) {
      throw new OrchestraError("invalid_request", "the request is not JSON", { cause });
    }
    const parsed = this.#contract.request.safeParse(json);
    if (!parsed.success) throw toInvalidRequest(parsed.error, "the request");
    return parsed.data;
  }

  #succeed(message: Msg, call: IncomingCall, span: ActiveSpan | undefined, output: unknown): void {
    if (output !== NO_REPLY) {
      try {
        this.#answer(message, encodeJson(output));
      } catch (error) {
        this.#fail(message, call, span, error);
        return;
      }
    }
    span?.span.end();
    this.#finish(call);
  }

  #fail(message: Msg, call: IncomingCall, span: ActiveSpan | undefined, thrown: unknown): void {
    const error = OrchestraError.from(thrown);
    const { logger } = this.#dependencies.connection;
    if (error.code === "internal") logger.error({ err: thrown, subject: this.#contract.subject }, "a call failed");
    failSpan(span, error);
    try {
      this.#answer(message, encodeJson(error.toEnvelope()), encodeHeaders({ [HEADERS.error]: error.code }));
    } catch (sendError) {
      logger.warn({ err: sendError, subject: this.#contract.subject }, "an answer could not be sent");
    }
    this.#finish(call);
  }

  #answer(message: Msg, payload: Uint8Array, headerBytes?: Uint8Array): void {
    const { reply } = message;
    if (reply !== undefined && reply !== "") this.#dependencies.connection.publish(reply, payload, headerBytes);
  }

  #finish(call: IncomingCall): void {
    call.finish();
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    for (const wake of this.#idle) wake();
    this.#idle.clear();
  }
}

function overloaded(subject: string): OrchestraError {
  return new OrchestraError("overloaded", `${subject} handles as many calls as it may`, {
    retryAfterMs: OVERLOADED_RETRY_AFTER_MS,
  });
}

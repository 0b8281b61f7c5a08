import { SpanKind, type Context, type Tracer } from "@opentelemetry/api";
import type { Msg, Subscription } from "@nats-io/nats-core";
import type { z } from "zod";
import { OrchestraError, toInvalidRequest, type CallContract } from "@ai-orchestra/contracts";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import type { BusConnection } from "../connection.js";
import { writeHeaders, headerValue, HEADERS, readHeaderText, readReply, readText } from "../headers.js";
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

/** A call that is being answered. */
interface Exchange {
  readonly reply: string;
  /** To be given back with the answer; only where others may answer the same call. */
  readonly callNumber: string | undefined;
  readonly call: IncomingCall;
  readonly span: ActiveSpan | undefined;
  readonly context: Context | undefined;
}

/** Answers the calls of a contract until it is stopped. See `Bus.serve`. */
export class ServedCall<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly #dependencies: ServeDependencies;
  readonly #contract: CallContract<Request, Response>;
  readonly #handler: CallHandler<Request, Response>;
  readonly #maxInFlight: number;
  /** Another one may answer the same call, so that an answer has to say which call it is for. */
  readonly #isOneOfSeveral: boolean;
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
    const defaultQueue = contract.subject.split(".", 1)[0];
    const queue = options.queue ?? defaultQueue;
    this.#isOneOfSeveral = queue !== defaultQueue;
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
    const exchange = this.#beginExchange(message);
    this.#inFlight += 1;
    try {
      if (this.#inFlight > this.#maxInFlight) throw overloaded(this.#contract.subject);
      const request = this.#parseRequest(readText(message));
      const output = runInContext(exchange.context, this.#runHandler, request, exchange.call);
      if (output instanceof Promise) {
        output.then(
          (value) => this.#succeed(exchange, value),
          (error: unknown) => this.#fail(exchange, error),
        );
      } else {
        this.#succeed(exchange, output);
      }
    } catch (error) {
      this.#fail(exchange, error);
    }
  }

  #beginExchange(message: Msg): Exchange {
    const { deadlines, tracer } = this.#dependencies;
    const { subject, timeoutMs } = this.#contract;
    const headerText = readHeaderText(message);
    const traceparent = headerText === "" ? undefined : headerValue(headerText, HEADERS.traceparent);
    const parent = traceparent === undefined ? undefined : extractTraceContext(traceparent);
    const span = parent && startSpan(tracer, "serve", SpanKind.SERVER, subject, parent);
    const allowedMs = headerText === "" ? Number.NaN : Number(headerValue(headerText, HEADERS.timeoutMs));
    return {
      reply: readReply(message),
      callNumber: this.#isOneOfSeveral ? headerValue(headerText, HEADERS.call) : undefined,
      call: new IncomingCall(Number.isFinite(allowedMs) ? allowedMs : timeoutMs, deadlines),
      span,
      context: span?.context ?? parent,
    };
  }

  readonly #runHandler = (request: z.output<Request>, call: IncomingCall): ReturnType<CallHandler<Request, Response>> =>
    this.#dependencies.deadlineScope.run(call.deadlineAt, this.#handler, request, call);

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

  #succeed(exchange: Exchange, output: unknown): void {
    if (output !== NO_REPLY) {
      try {
        this.#answer(exchange, output);
      } catch (error) {
        this.#fail(exchange, error);
        return;
      }
    }
    exchange.span?.span.end();
    this.#finish(exchange.call);
  }

  #fail(exchange: Exchange, thrown: unknown): void {
    const error = OrchestraError.from(thrown);
    const { logger } = this.#dependencies.connection;
    if (error.code === "internal") logger.error({ err: thrown, subject: this.#contract.subject }, "a call failed");
    failSpan(exchange.span, error);
    try {
      this.#answer(exchange, error.toEnvelope(), error.code);
    } catch (sendError) {
      logger.warn({ err: sendError, subject: this.#contract.subject }, "an answer could not be sent");
    }
    this.#finish(exchange.call);
  }

  #answer({ reply, callNumber }: Exchange, body: unknown, errorCode?: string): void {
    if (reply === "") return;
    const headerText =
      callNumber === undefined && errorCode === undefined
        ? ""
        : writeHeaders({ [HEADERS.call]: callNumber, [HEADERS.error]: errorCode });
    this.#dependencies.connection.publish(reply, encodeJson(body), headerText);
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

import { context, SpanKind, type Tracer } from "@opentelemetry/api";
import type { Msg } from "@nats-io/nats-core";
import type { z } from "zod";
import { OrchestraError, type CallContract } from "@ai-orchestra/contracts";
import { injectTraceContext } from "@ai-orchestra/telemetry";
import { decodeErrorEnvelope } from "../errors.js";
import { encodeJson } from "../json.js";
import { encodeCallHeaders, headerValue, HEADERS, readText } from "../headers.js";
import { failSpan, startSpan, type ActiveSpan } from "../tracing.js";
import type { DeadlineScope } from "./deadline.js";
import type { PendingCalls, ReplyHandler } from "./pending-calls.js";

export interface CallOptions {
  /** At most this long; default is the contract's. The deadline of the call being handled shortens it. */
  timeoutMs?: number;
  /** Gives the call up. The handler on the other side is not told. */
  signal?: AbortSignal;
}

export interface CallDependencies {
  readonly pendingCalls: PendingCalls;
  readonly deadlineScope: DeadlineScope;
  readonly tracer: Tracer;
}

/** Sends a contract's request and waits for its answer. See `Bus.call`. */
export function call<Request extends z.ZodType, Response extends z.ZodType>(
  { pendingCalls, deadlineScope, tracer }: CallDependencies,
  contract: CallContract<Request, Response>,
  request: z.input<Request>,
  options?: CallOptions,
): Promise<z.output<Response>> {
  return new Promise((resolve, reject) => {
    const { subject } = contract;
    const timeoutMs = Math.ceil(deadlineScope.limit(options?.timeoutMs ?? contract.timeoutMs, subject));
    const parent = context.active();
    const span = startSpan(tracer, `call ${subject}`, SpanKind.CLIENT, subject, parent);
    pendingCalls.send(
      {
        subject,
        payload: encodeJson(request),
        headerBytes: encodeCallHeaders(timeoutMs, injectTraceContext(span?.context ?? parent)),
        timeoutMs,
        signal: options?.signal,
      },
      new CallReply(contract, span, resolve, reject),
    );
  });
}

class CallReply<Response extends z.ZodType> implements ReplyHandler {
  readonly #contract: CallContract<z.ZodType, Response>;
  readonly #span: ActiveSpan | undefined;
  readonly #resolve: (value: z.output<Response>) => void;
  readonly #reject: (error: OrchestraError) => void;

  constructor(
    contract: CallContract<z.ZodType, Response>,
    span: ActiveSpan | undefined,
    resolve: (value: z.output<Response>) => void,
    reject: (error: OrchestraError) => void,
  ) {
    this.#contract = contract;
    this.#span = span;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onReply(message: Msg, headerText: string): void {
    const text = readText(message);
    if (headerText !== "" && headerValue(headerText, HEADERS.error) !== undefined) {
      this.onFailure(decodeErrorEnvelope(text));
      return;
    }
    let value: z.output<Response>;
    try {
      value = this.#contract.response.parse(text === "" ? undefined : JSON.parse(text));
    } catch (cause) {
      this.onFailure(new OrchestraError("internal", `the answer of ${this.#contract.subject} is not valid`, { cause }));
      return;
    }
    this.#span?.span.end();
    this.#resolve(value);
  }

  onFailure(error: OrchestraError): void {
    failSpan(this.#span, error);
    this.#reject(error);
  }
}

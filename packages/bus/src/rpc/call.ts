import { context, SpanKind, type Tracer } from "@opentelemetry/api";
import type { Msg } from "@nats-io/nats-core";
import type { z } from "zod";
import { OrchestraError, type CallContract } from "@ai-orchestra/contracts";
import { injectTraceContext } from "@ai-orchestra/telemetry";
import { decodeErrorEnvelope } from "../errors.js";
import { encodeCallHeaders, headerValue, HEADERS, readText } from "../headers.js";
import { encodeJson } from "../json.js";
import { failSpan, startSpan, type ActiveSpan } from "../tracing.js";
import type { DeadlineScope } from "./deadline.js";
import { PendingRequest } from "./pending-request.js";
import type { PendingRequests } from "./pending-requests.js";

export interface CallOptions {
  /** At most this long; default is the contract's. The deadline of the call being handled shortens it. */
  timeoutMs?: number;
  /** Gives the call up. The handler on the other side is not told. */
  signal?: AbortSignal;
}

export interface CallDependencies {
  readonly requests: PendingRequests;
  readonly deadlineScope: DeadlineScope;
  readonly tracer: Tracer;
}

/** Sends a contract's request and waits for its answer. See `Bus.call`. */
export function call<Request extends z.ZodType, Response extends z.ZodType>(
  { requests, deadlineScope, tracer }: CallDependencies,
  contract: CallContract<Request, Response>,
  request: z.input<Request>,
  options?: CallOptions,
): Promise<z.output<Response>> {
  return new Promise((resolve, reject) => {
    const { subject } = contract;
    const timeoutMs = Math.ceil(deadlineScope.limit(options?.timeoutMs ?? contract.timeoutMs, subject));
    const payload = encodeJson(request);
    const parent = context.active();
    const span = startSpan(tracer, `call ${subject}`, SpanKind.CLIENT, subject, parent);
    const headerBytes = encodeCallHeaders(timeoutMs, injectTraceContext(span?.context ?? parent));
    requests.send(new PendingCall({ contract, timeoutMs, signal: options?.signal, span, resolve, reject }), {
      payload,
      headerBytes,
    });
  });
}

interface PendingCallOptions<Response extends z.ZodType> {
  readonly contract: CallContract<z.ZodType, Response>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly span: ActiveSpan | undefined;
  readonly resolve: (value: z.output<Response>) => void;
  readonly reject: (error: OrchestraError) => void;
}

class PendingCall<Response extends z.ZodType> extends PendingRequest {
  readonly #contract: CallContract<z.ZodType, Response>;
  readonly #span: ActiveSpan | undefined;
  readonly #resolve: (value: z.output<Response>) => void;
  readonly #reject: (error: OrchestraError) => void;

  constructor(options: PendingCallOptions<Response>) {
    super(options.contract.subject, options.timeoutMs, options.signal);
    this.#contract = options.contract;
    this.#span = options.span;
    this.#resolve = options.resolve;
    this.#reject = options.reject;
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
      this.onFailure(new OrchestraError("internal", `the answer of ${this.subject} is not valid`, { cause }));
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

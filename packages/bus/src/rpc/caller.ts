import { context, SpanKind, type Tracer } from "@opentelemetry/api";
import type { Msg } from "@nats-io/nats-core";
import type { z } from "zod";
import { OrchestraError, type CallContract } from "@ai-orchestra/contracts";
import { injectTraceContext } from "@ai-orchestra/telemetry";
import { decodeErrorEnvelope } from "../errors.js";
import { writeCallHeaders, headerValue, HEADERS, readText } from "../headers.js";
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

export interface CallerOptions {
  readonly requests: PendingRequests;
  readonly deadlineScope: DeadlineScope;
  readonly tracer: Tracer;
}

/** Sends the requests of contracts and waits for their answers. */
export class Caller {
  readonly #requests: PendingRequests;
  readonly #deadlineScope: DeadlineScope;
  readonly #tracer: Tracer;
  #calls = 0;

  constructor({ requests, deadlineScope, tracer }: CallerOptions) {
    this.#requests = requests;
    this.#deadlineScope = deadlineScope;
    this.#tracer = tracer;
  }

  /** See `Bus.call`. */
  call<Request extends z.ZodType, Response extends z.ZodType>(
    contract: CallContract<Request, Response>,
    request: z.input<Request>,
    options?: CallOptions,
  ): Promise<z.output<Response>> {
    return new Promise((resolve, reject) => {
      const { subject } = contract;
      const timeoutMs = Math.ceil(this.#deadlineScope.limit(options?.timeoutMs ?? contract.timeoutMs, subject));
      const payload = encodeJson(request);
      const parent = context.active();
      const span = startSpan(this.#tracer, "call", SpanKind.CLIENT, subject, parent);
      this.#calls += 1;
      const number = this.#calls;
      const headerText = writeCallHeaders(number, timeoutMs, injectTraceContext(span?.context ?? parent));
      const pending = new PendingCall({ contract, number, timeoutMs, signal: options?.signal, span, resolve, reject });
      this.#requests.sendReusingInbox(pending, payload, headerText);
    });
  }
}

interface PendingCallOptions<Response extends z.ZodType> {
  readonly contract: CallContract<z.ZodType, Response>;
  readonly number: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly span: ActiveSpan | undefined;
  readonly resolve: (value: z.output<Response>) => void;
  readonly reject: (error: OrchestraError) => void;
}

class PendingCall<Response extends z.ZodType> extends PendingRequest {
  readonly #contract: CallContract<z.ZodType, Response>;
  readonly #number: number;
  readonly #span: ActiveSpan | undefined;
  readonly #resolve: (value: z.output<Response>) => void;
  readonly #reject: (error: OrchestraError) => void;

  constructor(options: PendingCallOptions<Response>) {
    super(options.contract.subject, options.timeoutMs, options.signal);
    this.#contract = options.contract;
    this.#number = options.number;
    this.#span = options.span;
    this.#resolve = options.resolve;
    this.#reject = options.reject;
  }

  /**
   * A reply without a number comes from the subject's one queue group, which answers a call once. All others give the
   * call's number back.
   */
  override accepts(headerText: string): boolean {
    if (headerText === "") return true;
    const number = headerValue(headerText, HEADERS.call);
    return number === undefined || Number(number) === this.#number;
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

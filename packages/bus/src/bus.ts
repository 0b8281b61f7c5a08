import type { Tracer } from "@opentelemetry/api";
import type { z } from "zod";
import type { CallContract } from "@ai-orchestra/contracts";
import { getTracer, injectTraceContext } from "@ai-orchestra/telemetry";
import { BusMessage, type BusSubscription } from "./bus-message.js";
import { openConnection, type BusConnection, type BusStatus, type StatusListener } from "./connection.js";
import { writeHeaders, HEADERS } from "./headers.js";
import { encodeJson } from "./json.js";
import { resolveBusOptions, type BusOptions } from "./options.js";
import { Caller, type CallOptions } from "./rpc/caller.js";
import { DeadlineScope } from "./rpc/deadline.js";
import { IncomingDeadlines } from "./rpc/incoming-call.js";
import { PendingRequests } from "./rpc/pending-requests.js";
import { ServedCall, type CallHandler, type ServeOptions } from "./rpc/serve.js";

/** The mesh as one process sees it: typed calls and plain messages over one connection. */
export class Bus {
  /** For the stores and queues of this package. */
  readonly connection: BusConnection;
  /** For the stores and queues of this package. */
  readonly requests: PendingRequests;
  readonly #deadlineScope = new DeadlineScope();
  readonly #deadlines = new IncomingDeadlines();
  readonly #tracer: Tracer = getTracer("bus");
  readonly #caller: Caller;

  constructor(connection: BusConnection) {
    this.connection = connection;
    this.requests = new PendingRequests(connection);
    this.#caller = new Caller({
      requests: this.requests,
      deadlineScope: this.#deadlineScope,
      tracer: this.#tracer,
    });
  }

  get status(): BusStatus {
    return this.connection.status;
  }

  /** Bytes that one message may have, header block included. */
  get maxPayloadBytes(): number {
    return this.connection.maxPayloadBytes;
  }

  /** Calls the listener whenever `status` changes; returns the function that ends it. */
  onStatus(listener: StatusListener): () => void {
    return this.connection.onStatus(listener);
  }

  /**
   * Asks whoever serves the contract and resolves with the validated answer. The time allowed is the contract's (or
   * `timeoutMs`), or what is left of the call being handled right now if that is less.
   *
   * Rejects with an OrchestraError: the code the server answered; `timeout`; `cancelled` by the signal; `unavailable`
   * at once when nobody serves the contract or the bus is not connected, also when it goes away before the answer.
   */
  call<Request extends z.ZodType, Response extends z.ZodType>(
    contract: CallContract<Request, Response>,
    request: z.input<Request>,
    options?: CallOptions,
  ): Promise<z.output<Response>> {
    return this.#caller.call(contract, request, options);
  }

  /**
   * Answers the calls of a contract. A request that does not fit the contract is answered with `invalid_request` and
   * never reaches the handler; what the handler throws is answered as an error envelope, anything but an OrchestraError
   * as `internal` without its message.
   */
  serve<Request extends z.ZodType, Response extends z.ZodType>(
    contract: CallContract<Request, Response>,
    handler: CallHandler<Request, Response>,
    options?: ServeOptions,
  ): ServedCall<Request, Response> {
    return new ServedCall(
      {
        connection: this.connection,
        deadlineScope: this.#deadlineScope,
        deadlines: this.#deadlines,
        tracer: this.#tracer,
      },
      contract,
      handler,
      options,
    );
  }

  /**
   * Publishes without acknowledgement: bytes as they are, anything else as JSON. Who is subscribed right now gets it.
   *
   * @throws OrchestraError `unavailable` while not connected, `too_large` above `maxPayloadBytes`
   */
  publish(subject: string, payload: unknown): void {
    this.connection.publish(
      subject,
      payload instanceof Uint8Array ? payload : encodeJson(payload),
      writeHeaders({ [HEADERS.traceparent]: injectTraceContext() }),
    );
  }

  /** Hears a subject, wildcards allowed; survives reconnects. Members of one `queue` share the messages. */
  subscribe(subject: string, handler: (message: BusMessage) => void, options?: { queue?: string }): BusSubscription {
    const subscription = this.connection.subscribe(
      subject,
      (message) => handler(new BusMessage(message)),
      options?.queue,
    );
    return { unsubscribe: () => subscription.unsubscribe() };
  }

  /** Resolves when the server has everything that was published before; rejects with `unavailable` or `timeout`. */
  flush(): Promise<void> {
    return this.connection.flush();
  }

  /** Ends all subscriptions, lets what was received be handled, and closes the connection. Idempotent. */
  async drain(): Promise<void> {
    await this.connection.drain();
    this.#deadlines.stop();
  }
}

/**
 * Connects and keeps reconnecting for ever. Waits for a server that is not there yet, unless `connectTimeoutMs` says
 * how long.
 *
 * @throws OrchestraError `unauthorized` for refused credentials, `unavailable` after `connectTimeoutMs`
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  return new Bus(await openConnection(resolveBusOptions(options)));
}

import type { Msg } from "@nats-io/nats-core";
import { nuid } from "@nats-io/nats-core";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { BusConnection } from "../connection.js";
import { timedOut, unavailable } from "../errors.js";
import { headerStatus, readHeaderText } from "../headers.js";
import { DeadlineSweep, type Expiring } from "./deadline-sweep.js";

/** What becomes of a request; exactly one of the two is called, once. */
export interface ReplyHandler {
  /** `headerText` is the reply's header block, empty when it has none. */
  onReply(message: Msg, headerText: string): void;
  onFailure(error: OrchestraError): void;
}

export interface OutgoingRequest {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headerBytes: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const NO_RESPONDERS = 503;

/** Requests that wait for an answer at the same time; more are refused with `overloaded`. */
const MAX_PENDING = 65_536;

/**
 * Requests over one wildcard inbox: one subscription for the life of the connection, a counter for ids and a map of who
 * waits. A request that cannot be answered any more fails at once: nobody listens, or the connection was lost.
 */
export class PendingCalls {
  readonly #connection: BusConnection;
  readonly #inbox = `_INBOX.${nuid.next()}.`;
  readonly #pending = new Map<number, PendingCall>();
  readonly #deadlines = new DeadlineSweep();
  #lastId = 0;

  constructor(connection: BusConnection) {
    this.#connection = connection;
    connection.subscribe(`${this.#inbox}*`, (message) => this.#settle(message));
    connection.onStatus((status) => {
      if (status !== "connected") this.#failAll(`the bus is ${status}`);
      if (status === "closed") this.#deadlines.stop();
    });
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Sends a request. Failures reach the handler, also those that happen before anything is sent. */
  send(request: OutgoingRequest, handler: ReplyHandler): void {
    if (request.signal?.aborted === true) {
      handler.onFailure(cancelled(request.subject, request.signal));
      return;
    }
    if (this.#pending.size >= MAX_PENDING) {
      handler.onFailure(
        new OrchestraError("overloaded", "too many requests wait for an answer", { retryAfterMs: 100 }),
      );
      return;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    try {
      this.#connection.publish(request.subject, request.payload, request.headerBytes, this.#inbox + id);
    } catch (error) {
      handler.onFailure(OrchestraError.from(error));
      return;
    }
    const call = new PendingCall(this, id, request, handler);
    this.#pending.set(id, call);
    this.#deadlines.add(call);
  }

  /** Ends a request without an answer. */
  fail(call: PendingCall, error: OrchestraError): void {
    if (this.#forget(call)) call.handler.onFailure(error);
  }

  #settle(message: Msg): void {
    const call = this.#pending.get(Number(message.subject.slice(this.#inbox.length)));
    if (call === undefined) return;
    const headerText = readHeaderText(message);
    if (headerText !== "" && headerStatus(headerText) === NO_RESPONDERS) {
      this.fail(call, unavailable(`nobody answers on ${call.request.subject}`));
    } else if (this.#forget(call)) {
      call.handler.onReply(message, headerText);
    }
  }

  #forget(call: PendingCall): boolean {
    if (!this.#pending.delete(call.id)) return false;
    this.#deadlines.delete(call);
    call.release();
    return true;
  }

  #failAll(reason: string): void {
    const calls = [...this.#pending.values()];
    for (const call of calls)
      this.fail(call, unavailable(`${reason}: ${call.request.subject} may not have been reached`));
  }
}

class PendingCall implements Expiring {
  readonly id: number;
  readonly request: OutgoingRequest;
  readonly handler: ReplyHandler;
  readonly expiresAtMs: number;
  readonly #calls: PendingCalls;
  readonly #onAbort: (() => void) | undefined;

  constructor(calls: PendingCalls, id: number, request: OutgoingRequest, handler: ReplyHandler) {
    this.#calls = calls;
    this.id = id;
    this.request = request;
    this.handler = handler;
    this.expiresAtMs = performance.now() + request.timeoutMs;
    const { signal } = request;
    if (signal !== undefined) {
      this.#onAbort = () => calls.fail(this, cancelled(request.subject, signal));
      signal.addEventListener("abort", this.#onAbort, { once: true });
    }
  }

  expire(): void {
    this.#calls.fail(this, timedOut(this.request.subject, this.request.timeoutMs));
  }

  release(): void {
    if (this.#onAbort !== undefined) this.request.signal?.removeEventListener("abort", this.#onAbort);
  }
}

function cancelled(subject: string, signal: AbortSignal): OrchestraError {
  return new OrchestraError("cancelled", `the call of ${subject} was cancelled`, { cause: signal.reason });
}

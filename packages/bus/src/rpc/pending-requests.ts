import { nuid, type Msg } from "@nats-io/nats-core";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { BusConnection } from "../connection.js";
import { unavailable } from "../errors.js";
import { headerStatus, readHeaderText } from "../headers.js";
import { DeadlineSweep } from "./deadline-sweep.js";
import type { OutgoingRequest, PendingRequest, RequestOwner } from "./pending-request.js";

const NO_RESPONDERS = 503;

/** Requests that wait for an answer at the same time; more are refused with `overloaded`. */
const MAX_PENDING = 65_536;
const OVERLOADED_RETRY_AFTER_MS = 100;

/**
 * Requests over one wildcard inbox: one subscription for the life of the connection, a counter for ids and a map of who
 * waits. A request that cannot be answered any more fails at once: nobody listens, or the connection was lost.
 */
export class PendingRequests implements RequestOwner {
  readonly #connection: BusConnection;
  readonly #inbox = `_INBOX.${nuid.next()}.`;
  readonly #waiting = new Map<number, PendingRequest>();
  readonly #deadlines = new DeadlineSweep(() => this.#waiting.values());
  #lastId = 0;

  constructor(connection: BusConnection) {
    this.#connection = connection;
    connection.subscribe(`${this.#inbox}*`, (message) => this.#receive(message));
    connection.onStatus((status) => {
      if (status !== "connected") this.#failAll(`the bus is ${status}`);
      if (status === "closed") this.#deadlines.stop();
    });
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Sends a request. Failures reach `onFailure`, also those that happen before anything is sent. */
  send(request: PendingRequest, { payload, headerBytes }: OutgoingRequest): void {
    if (request.signal?.aborted === true) {
      request.onFailure(request.cancelled());
      return;
    }
    if (this.#waiting.size >= MAX_PENDING) {
      request.onFailure(
        new OrchestraError("overloaded", "too many requests wait for an answer", {
          retryAfterMs: OVERLOADED_RETRY_AFTER_MS,
        }),
      );
      return;
    }
    this.#lastId += 1;
    const id = this.#lastId;
    try {
      this.#connection.publish(request.subject, payload, headerBytes, this.#inbox + id);
    } catch (error) {
      request.onFailure(OrchestraError.from(error));
      return;
    }
    this.#waiting.set(id, request);
    request.start(this, id);
    this.#deadlines.expect(request.expiresAtMs);
  }

  fail(request: PendingRequest, error: OrchestraError): void {
    if (this.#forget(request)) request.onFailure(error);
  }

  #receive(message: Msg): void {
    const request = this.#waiting.get(Number(message.subject.slice(this.#inbox.length)));
    if (request === undefined) return;
    const headerText = readHeaderText(message);
    if (headerText !== "" && headerStatus(headerText) === NO_RESPONDERS) {
      this.fail(request, unavailable(`nobody answers on ${request.subject}`));
    } else if (this.#forget(request)) {
      request.onReply(message, headerText);
    }
  }

  #forget(request: PendingRequest): boolean {
    if (!this.#waiting.delete(request.id)) return false;
    request.release();
    return true;
  }

  #failAll(reason: string): void {
    const requests = [...this.#waiting.values()];
    for (const request of requests) {
      this.fail(request, unavailable(`${reason}: nobody knows whether ${request.subject} was reached`));
    }
  }
}

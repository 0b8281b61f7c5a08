import type { Msg } from "@nats-io/nats-core";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { BusConnection } from "../connection.js";
import { forbidden, unavailable } from "../errors.js";
import { headerStatus, readHeaderText, readSubjectNumber } from "../headers.js";
import { DeadlineSweep } from "./deadline-sweep.js";
import { InboxNumbers } from "./inbox-numbers.js";
import type { PendingRequest, RequestOwner } from "./pending-request.js";

const NO_RESPONDERS = 503;

/** Requests that wait for an answer at the same time; more are refused with `overloaded`. */
const MAX_PENDING = 65_536;
const OVERLOADED_RETRY_AFTER_MS = 100;

/**
 * Requests over one wildcard inbox: one subscription for the life of the connection, and a map of who waits. A request
 * that cannot be answered any more fails at once: nobody listens, or the connection was lost.
 */
export class PendingRequests implements RequestOwner {
  readonly #connection: BusConnection;
  readonly #inboxPrefix: string;
  readonly #waiting = new Map<number, PendingRequest>();
  readonly #deadlines = new DeadlineSweep(() => this.#waiting.values());
  readonly #numbers = new InboxNumbers();

  constructor(connection: BusConnection) {
    this.#connection = connection;
    this.#inboxPrefix = `${connection.createInbox()}.`;
    connection.subscribe(`${this.#inboxPrefix}*`, (message) => this.#receive(message));
    connection.onStatus((status) => {
      if (status !== "connected") this.#failAll(`the bus is ${status}`);
      if (status === "closed") this.#deadlines.stop();
    });
    connection.onRefused((subject) => this.#failRefused(subject));
  }

  /** Requests that wait now. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Sends a request whose inbox is never used again. Failures reach `onFailure`, also those before it is sent. */
  send(request: PendingRequest, payload: string, headerText: string): void {
    this.#send(request, payload, headerText, this.#numbers.takeUnique());
  }

  /**
   * Sends a request over an inbox that is used again once it was answered: the server keeps the route of a subject that
   * it has seen, so this saves it a quarter of its work. The request must tell a late reply to an earlier one from its
   * own, see `PendingRequest.accepts`.
   */
  sendReusingInbox(request: PendingRequest, payload: string, headerText: string): void {
    this.#send(request, payload, headerText, this.#numbers.takeReusable());
  }

  fail(request: PendingRequest, error: OrchestraError): void {
    if (this.#forget(request)) request.onFailure(error);
  }

  #send(request: PendingRequest, payload: string, headerText: string, inbox: number): void {
    try {
      if (request.signal?.aborted === true) throw request.cancelled();
      if (this.#waiting.size >= MAX_PENDING) throw overloaded();
      this.#connection.publish(request.subject, payload, headerText, this.#inboxPrefix + inbox);
    } catch (error) {
      this.#numbers.giveBack(inbox);
      request.onFailure(OrchestraError.from(error));
      return;
    }
    request.inbox = inbox;
    this.#waiting.set(inbox, request);
    request.start(this);
    this.#deadlines.expect(request.expiresAtMs);
  }

  #receive(message: Msg): void {
    const request = this.#waiting.get(readSubjectNumber(message, this.#inboxPrefix.length));
    if (request === undefined) return;
    const headerText = readHeaderText(message);
    if (!request.accepts(headerText) || !this.#forget(request)) return;
    this.#numbers.giveBack(request.inbox);
    if (headerText !== "" && headerStatus(headerText) === NO_RESPONDERS) {
      request.onFailure(unavailable(`nobody answers on ${request.subject}`));
    } else {
      request.onReply(message, headerText);
    }
  }

  #forget(request: PendingRequest): boolean {
    if (!this.#waiting.delete(request.inbox)) return false;
    request.release();
    return true;
  }

  #failRefused(subject: string): void {
    const requests = [...this.#waiting.values()].filter((request) => request.subject === subject);
    for (const request of requests) this.fail(request, forbidden(subject));
  }

  #failAll(reason: string): void {
    const requests = [...this.#waiting.values()];
    for (const request of requests) {
      this.fail(request, unavailable(`${reason}: nobody knows whether ${request.subject} was reached`));
    }
  }
}

function overloaded(): OrchestraError {
  return new OrchestraError("overloaded", "too many requests wait for an answer", {
    retryAfterMs: OVERLOADED_RETRY_AFTER_MS,
  });
}

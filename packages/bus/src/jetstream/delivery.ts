import type { Context } from "@opentelemetry/api";
import type { Msg } from "@nats-io/nats-core";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import type { BusConnection } from "../connection.js";
import { readPosition } from "./delivery-position.js";
import { headerValue, HEADERS, readText } from "../headers.js";

const ACK = "+ACK";
const WORKING = "+WPI";
const NAK = "-NAK";
const TERMINATE = "+TERM";
const NANOS_PER_MS = 1_000_000;

/** One delivery of a stored message to one of a consumer's processes. */
export class Delivery {
  readonly subject: string;
  /** Place in the stream. */
  readonly sequence: number;
  /** 1 for the first delivery; every nak and every expired `ackWaitMs` adds one. */
  readonly deliveryCount: number;
  /** Messages that the consumer had left when it sent this one. */
  readonly pendingCount: number;
  readonly #connection: BusConnection;
  readonly #message: Msg;
  readonly #headerText: string;
  readonly #ackSubject: string;
  #settled = false;

  constructor(connection: BusConnection, message: Msg, headerText: string) {
    this.#connection = connection;
    this.#message = message;
    this.#headerText = headerText;
    this.#ackSubject = message.reply ?? "";
    this.subject = message.subject;
    const position = readPosition(this.#ackSubject);
    this.deliveryCount = position.deliveryCount;
    this.sequence = position.sequence;
    this.pendingCount = position.pendingCount;
  }

  /** Whether ack, nak, abandon or terminate was called. */
  get settled(): boolean {
    return this.#settled;
  }

  text(): string {
    return readText(this.#message);
  }

  traceContext(): Context {
    return extractTraceContext(headerValue(this.#headerText, HEADERS.traceparent));
  }

  ack(): void {
    this.#settle(ACK);
  }

  nak(delayMs = 0): void {
    this.#settle(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * NANOS_PER_MS)}}` : NAK);
  }

  /** The reason goes to the log: servers before 2.10 ignore the whole command when it carries one. */
  terminate(reason: string): void {
    if (!this.#settled) {
      const { subject, sequence } = this;
      this.#connection.logger.warn({ subject, sequence, reason }, "a message is removed without being done");
    }
    this.#settle(TERMINATE);
  }

  /** Leaves the message to a newer delivery of it: nothing is sent. */
  abandon(): void {
    this.#settled = true;
  }

  /** Starts `ackWaitMs` anew. */
  working(): void {
    if (!this.#settled) this.#send(WORKING);
  }

  #settle(command: string): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#send(command);
  }

  /** While the bus is away nothing is sent: the message is delivered again after `ackWaitMs`. */
  #send(command: string): void {
    if (this.#connection.status === "connected") this.#connection.publish(this.#ackSubject, command);
  }
}

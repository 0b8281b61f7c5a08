import type { Context } from "@opentelemetry/api";
import type { Delivery } from "../jetstream/delivery.js";

/**
 * A message to be worked on. It stays in the queue until `ack` or `terminate`, and comes back after a nak, or when
 * neither those nor `working` were heard for `ackWaitMs`. What is said while the bus is away is lost, and the message
 * comes back.
 */
export class Job<T> {
  readonly data: T;
  /** The trace that the submitter was in; the handler runs inside it. */
  readonly traceContext: Context;
  readonly #delivery: Delivery;

  constructor(delivery: Delivery, data: T, traceContext: Context) {
    this.#delivery = delivery;
    this.data = data;
    this.traceContext = traceContext;
  }

  /** Place in the queue: the order of submission, over all lanes. */
  get sequence(): number {
    return this.#delivery.sequence;
  }

  /** 1 at first; grows with every redelivery, with gaps allowed. */
  get deliveryCount(): number {
    return this.#delivery.deliveryCount;
  }

  /** Done: removes the message. Only the first of ack, nak, abandon and terminate counts. */
  ack(): void {
    this.#delivery.ack();
  }

  /** Gives the message back, to be delivered again at once or after `delayMs`. */
  nak(delayMs?: number): void {
    this.#delivery.nak(delayMs);
  }

  /** Says nothing: a newer delivery of the message is being worked on, and an ack or nak from here would end it. */
  abandon(): void {
    this.#delivery.abandon();
  }

  /** Not done yet: starts `ackWaitMs` anew. Costs one small unacknowledged message. */
  working(): void {
    this.#delivery.working();
  }

  /** Removes the message undone. The reason is logged: it must not hold a user's text. */
  terminate(reason: string): void {
    this.#delivery.terminate(reason);
  }
}

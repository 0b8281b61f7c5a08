import type { NatsConnection, PublishOptions } from "@nats-io/nats-core";
import { EncodedHeaders } from "./headers.js";

/** A batch this large is written at once, so that under load the other side works while the rest is being made. */
const MAX_BYTES = 8_192;

interface OutgoingMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headerBytes: Uint8Array | undefined;
  readonly reply: string;
}

/**
 * Messages on their way to the socket. All that is published in one turn of the event loop is written together: a write
 * costs more than making the message. nats-core alone would write once for every round of microtasks.
 */
export class OutgoingBatch {
  readonly #nats: NatsConnection;
  readonly #encodedHeaders = new EncodedHeaders();
  /** Reused: nats-core reads it inside `publish` and keeps no reference. */
  readonly #publishOptions: PublishOptions = {};
  #messages: OutgoingMessage[] = [];
  #bytes = 0;

  constructor(nats: NatsConnection) {
    this.#nats = nats;
  }

  add(message: OutgoingMessage): void {
    if (this.#messages.length === 0) setImmediate(this.#write);
    this.#messages.push(message);
    this.#bytes += message.payload.length;
    if (this.#bytes >= MAX_BYTES) this.#write();
  }

  /** Hands everything to nats-core now. */
  flush(): void {
    this.#write();
  }

  /** The connection was lost: what had not been written shares the fate of what was on the wire. */
  discard(): void {
    this.#messages = [];
    this.#bytes = 0;
  }

  readonly #write = (): void => {
    const messages = this.#messages;
    if (messages.length === 0) return;
    this.discard();
    const options = this.#publishOptions;
    for (const { subject, payload, headerBytes, reply } of messages) {
      options.reply = reply;
      if (headerBytes === undefined) {
        options.headers = undefined;
      } else {
        this.#encodedHeaders.bytes = headerBytes;
        options.headers = this.#encodedHeaders;
      }
      this.#nats.publish(subject, payload, options);
    }
  };
}

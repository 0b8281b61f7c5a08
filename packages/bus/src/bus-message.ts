import type { Context } from "@opentelemetry/api";
import type { Msg } from "@nats-io/nats-core";
import type { z } from "zod";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import { headerValue, HEADERS, readHeaderText, readText } from "./headers.js";

/** A message that arrived on a subscription. Its bytes are its own: they may be kept. */
export class BusMessage {
  readonly #message: Msg;

  constructor(message: Msg) {
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get bytes(): Uint8Array {
    return this.#message.data;
  }

  text(): string {
    return readText(this.#message);
  }

  /** The payload parsed as JSON and, with a schema, validated. Throws a SyntaxError or a ZodError. */
  json<T = unknown>(schema?: z.ZodType<T>): T {
    const value: unknown = JSON.parse(this.text());
    return schema === undefined ? (value as T) : schema.parse(value);
  }

  /** The trace context of whoever published it. */
  traceContext(): Context {
    return extractTraceContext(headerValue(readHeaderText(this.#message), HEADERS.traceparent));
  }
}

export interface BusSubscription {
  /** Ends the subscription. Idempotent. */
  unsubscribe(): void;
}

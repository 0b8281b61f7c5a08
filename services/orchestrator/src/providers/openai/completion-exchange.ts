import type { IncomingHttpHeaders } from "node:http";
import { StringDecoder } from "node:string_decoder";
import { OrchestraError } from "@ai-orchestra/contracts";
import { createParser, type EventSourceParser } from "eventsource-parser";
import type { Dispatcher } from "undici";
import type { ProviderEvent } from "../chat-provider.js";
import { EventQueue } from "../event-queue.js";
import { toConnectionError, toCutOff, toRefusal } from "../upstream-error.js";
import { ChunkReader } from "./chunk-reader.js";

/** Bytes of an error body or of an answer that is not a stream. */
const MAX_WHOLE_BODY_BYTES = 4 * 1024 * 1024;
/** Characters of one event of a stream. */
const MAX_EVENT_CHARS = 1024 * 1024;
/** Events that may wait for a slow reader before the socket is paused. */
const MAX_WAITING_EVENTS = 256;
/** After `[DONE]` the body has this long to end, so that its connection can be used again. */
const MAX_LINGER_MS = 1_000;

/** `stream` bodies are read event by event, `whole` ones (errors, answers without streaming) when they are complete. */
type BodyState =
  | { kind: "none" }
  | { kind: "stream" }
  | { kind: "whole"; status: number; headers: IncomingHttpHeaders; text: string };

export interface CompletionExchangeOptions {
  /** Epoch milliseconds now. */
  now: () => number;
  /** The reader has its ending or its error. Called once. */
  onSettled: () => void;
  /** The connection is free again, or gone. Called once. */
  onReleased: () => void;
}

/** One request and its answer: undici's callbacks on one side, provider events on the other. */
export class CompletionExchange implements Dispatcher.DispatchHandler {
  readonly events: EventQueue<ProviderEvent>;
  readonly #options: CompletionExchangeOptions;
  readonly #decoder = new StringDecoder("utf8");
  readonly #reader = new ChunkReader();
  readonly #parser: EventSourceParser;
  #controller: Dispatcher.DispatchController | undefined;
  #body: BodyState = { kind: "none" };
  /** The reader got its ending or its error; what still arrives is of no interest. */
  #settled = false;
  #abortError: OrchestraError | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;
  #released = false;

  constructor(options: CompletionExchangeOptions) {
    this.#options = options;
    this.events = new EventQueue({
      onDrained: () => this.#controller?.resume(),
      onAbandoned: () => this.abort(new OrchestraError("cancelled", "nobody reads the answer any more")),
    });
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARS,
      onEvent: ({ data }) => this.#readEvent(data),
      onError: ({ type }) => {
        if (type === "max-buffer-size-exceeded")
          this.#fail(toCutOff("the model provider sent an event that is too large"));
      },
    });
  }

  /** Fails the reader with `error` and destroys the socket, now or as soon as there is one. */
  abort(error: OrchestraError): void {
    if (this.#settled) return;
    this.#abortError = error;
    this.#settle();
    this.events.fail(error, { discard: true });
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortError !== undefined) controller.abort(this.#abortError);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    const isStream = status === 200 && !/\b(json|html)\b/.test(headers["content-type"] ?? "");
    this.#body = isStream ? { kind: "stream" } : { kind: "whole", status, headers, text: "" };
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    const text = this.#decoder.write(chunk);
    if (this.#body.kind === "whole") {
      this.#body.text += text;
      if (this.#body.text.length > MAX_WHOLE_BODY_BYTES)
        this.#fail(toCutOff("the model provider's answer is too large"));
      return;
    }
    this.#parser.feed(text);
    if (this.#settled) return;
    for (const event of this.#reader.takeEvents()) this.events.push(event);
    if (this.events.size > MAX_WAITING_EVENTS) controller.pause();
  }

  onResponseEnd(): void {
    if (!this.#settled) this.#readEnd();
    this.#release();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#settled) this.#fail(toConnectionError(error, this.#body.kind !== "none"));
    this.#release();
  }

  #readEvent(data: string): void {
    if (this.#settled) return;
    if (data === "[DONE]") {
      this.#finish(true);
      return;
    }
    try {
      this.#reader.read(data);
    } catch (thrown) {
      for (const event of this.#reader.takeEvents()) this.events.push(event);
      this.#fail(OrchestraError.from(thrown));
    }
  }

  #readEnd(): void {
    const body = this.#body;
    if (body.kind !== "whole") {
      this.#finish(false);
    } else if (body.status !== 200) {
      const { status, headers, text } = body;
      this.#fail(toRefusal({ status, headers, body: text, now: this.#options.now() }));
    } else {
      this.#readEvent(body.text);
      if (!this.#settled) this.#finish(false);
    }
  }

  #finish(explicit: boolean): void {
    try {
      for (const event of this.#reader.takeEnding(explicit)) this.events.push(event);
    } catch (thrown) {
      this.#fail(OrchestraError.from(thrown));
      return;
    }
    this.#settle();
    this.events.end();
    if (explicit)
      this.#lingerTimer = setTimeout(() => this.#controller?.abort(new Error("no end after [DONE]")), MAX_LINGER_MS);
  }

  #fail(error: OrchestraError): void {
    this.#settle();
    this.events.fail(error);
    this.#controller?.abort(error);
  }

  #settle(): void {
    this.#settled = true;
    this.#options.onSettled();
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    clearTimeout(this.#lingerTimer);
    this.#options.onReleased();
  }
}

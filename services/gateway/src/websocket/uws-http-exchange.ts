import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { FindClientAddress } from "../http/client-address.js";
import type { HttpAnswer, HttpExchange, HttpStream } from "../http/http-exchange.js";
import type { RequestHead } from "../http/request-head.js";

/** Past this many times the limit an oversized body is not even thrown away any more: the connection is cut. */
const DISCARD_FACTOR = 16;

/** Copies what is needed of a request before the callback ends. */
export function readRequestHead(
  request: HttpRequest,
  response: HttpResponse,
  findAddress: FindClientAddress,
): RequestHead {
  const headers = new Map<string, string>();
  request.forEach((name, value) => {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  });
  return {
    method: request.getCaseSensitiveMethod().toUpperCase(),
    path: request.getUrl(),
    query: new URLSearchParams(request.getQuery()),
    headers,
    address: findAddress({
      peer: Buffer.from(response.getRemoteAddressAsText()).toString(),
      proxied: Buffer.from(response.getProxiedRemoteAddressAsText()).toString(),
      forwardedFor: headers.get("x-forwarded-for"),
    }),
  };
}

/**
 * Puts an HTTP request of uWebSockets.js behind the gateway's own interface. Must be constructed inside the request
 * callback: from then on the body is collected up to `maxBodyBytes`, and a client that goes away aborts `signal`.
 */
export class UwsHttpExchange implements HttpExchange {
  readonly head: RequestHead;
  readonly requestId: string;
  readonly body: Promise<Buffer>;
  readonly #response: HttpResponse;
  readonly #goneListeners: (() => void)[] = [];
  readonly #doneListeners: (() => void)[];
  #state: "waiting" | "streaming" | "done" | "gone" = "waiting";
  #cutByServer = false;
  #onDrain: (() => void) | undefined;

  constructor(options: {
    response: HttpResponse;
    head: RequestHead;
    requestId: string;
    maxBodyBytes: number;
    onDone: () => void;
  }) {
    this.#response = options.response;
    this.head = options.head;
    this.requestId = options.requestId;
    this.#doneListeners = [options.onDone];
    options.response.onAborted(() => this.#finish(this.#cutByServer ? "done" : "gone"));
    this.body = this.#collectBody(options.maxBodyBytes);
    // Whoever does not read the body does not care why it is missing.
    this.body.catch(() => undefined);
  }

  onClientGone(listener: () => void): void {
    if (this.#state === "gone") listener();
    else this.#goneListeners.push(listener);
  }

  onDone(listener: () => void): void {
    if (this.#isOver()) listener();
    else this.#doneListeners.push(listener);
  }

  respond({ status, headers, body }: HttpAnswer): void {
    if (this.#state !== "waiting") return;
    this.#response.cork(() => {
      this.#writeHead(status, headers);
      this.#response.end(body);
    });
    this.#finish("done");
  }

  openStream({ status, headers }: Omit<HttpAnswer, "body">, chunk?: string): HttpStream {
    const response = this.#response;
    if (this.#state === "waiting") {
      this.#state = "streaming";
      response.cork(() => {
        this.#writeHead(status, headers);
        if (chunk !== undefined) response.write(chunk);
      });
      response.onWritable(() => {
        this.#onDrain?.();
        return true;
      });
    }
    return {
      write: (chunk) => {
        if (this.#state !== "streaming") return true;
        let keepsUp = true;
        response.cork(() => {
          keepsUp = response.write(chunk);
        });
        return keepsUp;
      },
      onDrain: (listener) => {
        this.#onDrain = listener;
      },
      end: (last) => {
        if (this.#state !== "streaming") return;
        response.cork(() => response.end(last));
        this.#finish("done");
      },
    };
  }

  /** Cuts the connection without an answer. */
  cut(): void {
    if (this.#isOver()) return;
    this.#cutByServer = true;
    // `close` has uWebSockets.js report an abort, which finishes the exchange.
    this.#response.close();
  }

  #writeHead(status: string, headers: Readonly<Record<string, string>>): void {
    this.#response.writeStatus(status);
    for (const [name, value] of Object.entries(headers)) this.#response.writeHeader(name, value);
    this.#response.writeHeader("x-request-id", this.requestId);
  }

  #collectBody(maxBodyBytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      let isComplete = false;
      this.onDone(() => {
        // An error costs a stack trace, and nearly every request has its body by now.
        if (!isComplete) reject(new OrchestraError("cancelled", "the request ended before its body"));
      });
      this.#response.onData((chunk, isLast) => {
        bytes += chunk.byteLength;
        if (bytes <= maxBodyBytes) {
          // The chunk's memory belongs to uWebSockets.js and is gone after this callback.
          chunks.push(Buffer.from(new Uint8Array(chunk)));
          if (!isLast) return;
          isComplete = true;
          resolve(Buffer.concat(chunks));
          return;
        }
        chunks.length = 0;
        if (isLast) reject(new OrchestraError("too_large", `the body is larger than ${maxBodyBytes} bytes`));
        else if (bytes > maxBodyBytes * DISCARD_FACTOR) this.cut();
      });
    });
  }

  #isOver(): boolean {
    return this.#state === "done" || this.#state === "gone";
  }

  #finish(state: "done" | "gone"): void {
    if (this.#isOver()) return;
    this.#state = state;
    this.#onDrain = undefined;
    for (const listener of this.#doneListeners) listener();
    if (state === "gone") for (const listener of this.#goneListeners) listener();
  }
}

import type { RequestHead } from "./request-head.js";

export interface HttpAnswer {
  /** Code and reason, such as `200 OK`. */
  readonly status: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A response body that is written in pieces. After the end, or once the client is gone, its methods do nothing. */
export interface HttpStream {
  /** False when the client does not keep up; the chunk is taken, but wait for `onDrain` before writing more. */
  write(chunk: string): boolean;
  /** Called when the client reads again; whether it has caught up, the next write says. One listener; a later one replaces it. */
  onDrain(listener: () => void): void;
  /** Ends the body, with a last chunk where one is given. */
  end(chunk?: string): void;
}

/** One HTTP request and its answer, free of the server's own objects and their lifetimes. */
export interface HttpExchange {
  readonly head: RequestHead;
  readonly requestId: string;
  /** Rejects with `too_large`, or `cancelled` when the client went away before its end. */
  readonly body: Promise<Buffer>;
  /** Calls the listener, at once if it is so already, when the client goes away before the answer is complete. */
  onClientGone(listener: () => void): void;
  /** Calls the listener, at once if it is so already, when the exchange is over: answered, cut, or its client gone. */
  onDone(listener: () => void): void;
  /** Answers in one piece; the request id goes with it. A second answer is ignored. */
  respond(answer: HttpAnswer): void;
  /** Begins a streamed answer; `chunk` leaves in one write with the head. */
  openStream(answer: Omit<HttpAnswer, "body">, chunk?: string): HttpStream;
  /** Ends the connection without completing the answer. */
  cut(): void;
}

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What the client sent, and whether it went away before its answer ended. */
export interface RecordedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed JSON body. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  /** The client's port: the same one twice means the connection was kept. */
  readonly remotePort: number | undefined;
  /** Epoch milliseconds of the arrival. */
  readonly at: number;
  /** Resolves with the epoch milliseconds at which the client closed the socket; rejects after `timeoutMs` (5 s) without. */
  aborted(timeoutMs?: number): Promise<number>;
}

const DEFAULT_ABORT_WAIT_MS = 5_000;

/** Records one request; `body` is its parsed JSON. */
export function recordRequest(
  request: IncomingMessage,
  response: ServerResponse,
  body: Record<string, unknown>,
): RecordedRequest {
  const closedEarly = new Promise<number>((resolve) => {
    response.once("close", () => {
      if (!response.writableFinished) resolve(Date.now());
    });
  });
  return {
    path: request.url ?? "",
    headers: request.headers,
    body,
    model: typeof body["model"] === "string" ? body["model"] : "",
    messages: Array.isArray(body["messages"]) ? (body["messages"] as Record<string, unknown>[]) : [],
    remotePort: request.socket.remotePort,
    at: Date.now(),
    aborted: (timeoutMs = DEFAULT_ABORT_WAIT_MS) => waitAtMost(closedEarly, timeoutMs),
  };
}

async function waitAtMost<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  const timer = new AbortController();
  const tooLate = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`the client did not close its socket within ${timeoutMs} ms`);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    tooLate.catch(() => undefined);
    timer.abort();
  }
}

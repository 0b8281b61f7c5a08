import { OrchestraClientError } from "./client-error.js";

/** The part of the WebSocket interface that the client uses; browsers, Node 22, Deno, Bun and `ws` all have it. */
export interface WebSocketLike {
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { code: number }) => void): void;
  addEventListener(type: "error", listener: (event: unknown) => void): void;
  send(data: string): void;
  close(code?: number): void;
}

export type WebSocketConstructor = new (
  url: string,
  protocols?: string[],
  options?: { headers: Record<string, string> },
) => WebSocketLike;

/** What only the `ws` package has: an end without goodbye, and the HTTP answer that refused an upgrade. */
export interface NodeWebSocket extends WebSocketLike {
  terminate(): void;
  on(
    event: "unexpected-response",
    listener: (request: unknown, response: { statusCode?: number; headers: { "retry-after"?: string } }) => void,
  ): unknown;
}

/** Whether a constructor is the `ws` package's, which takes the token in a header; others take it as a subprotocol. */
export function takesHeaders(constructor: WebSocketConstructor): boolean {
  return "terminate" in constructor.prototype;
}

export function isNodeWebSocket(socket: WebSocketLike): socket is NodeWebSocket {
  return "terminate" in socket && "on" in socket;
}

/** The constructor to use: the one given, the global one, or that of the package `ws` where Node has none. */
export async function resolveWebSocket(given: WebSocketConstructor | undefined): Promise<WebSocketConstructor> {
  if (given !== undefined) return given;
  const { WebSocket: found } = globalThis as { WebSocket?: WebSocketConstructor };
  if (found !== undefined) return found;
  // Not a literal, so that bundlers for the browser leave it alone.
  const packageName = "ws";
  try {
    const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ packageName)) as {
      WebSocket: WebSocketConstructor;
    };
    return module.WebSocket;
  } catch (cause) {
    throw new OrchestraClientError(
      "invalid_request",
      "this runtime has no WebSocket: install the package ws, or give createClient a webSocket constructor",
      { cause },
    );
  }
}

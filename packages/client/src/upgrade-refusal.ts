import { OrchestraClientError } from "./client-error.js";
import { describeStatus, readRetryAfterMs } from "./http-status.js";
import { isNodeWebSocket, type WebSocketLike } from "./web-socket.js";

/**
 * Learns why an upgrade was refused over HTTP. Only the `ws` package tells; a browser shows such a refusal as a lost
 * connection, which is retried.
 */
export function watchRefusal(socket: WebSocketLike, onRefusal: (refusal: OrchestraClientError) => void): void {
  if (!isNodeWebSocket(socket)) return;
  socket.on("unexpected-response", (_request, response) => {
    const status = response.statusCode ?? 0;
    const { code, retryable } = describeStatus(status);
    const retryAfterMs = readRetryAfterMs(response.headers["retry-after"]);
    const message = `the server refused the connection with status ${status}`;
    onRefusal(new OrchestraClientError(code, message, { retryable, retryAfterMs }));
    socket.terminate();
  });
}

import type { RefusedConnection } from "../connections/connection-admission.js";
import type { ClientSocket } from "./client-socket.js";
import type { SocketListener } from "./websocket-route.js";

const ignore = (): void => undefined;

/** Ends a connection that was only opened to say why it is refused; `errorFrame` says it in the client's protocol. */
export function refuseSocket({
  socket,
  refusal,
  errorFrame,
  onClosed,
}: {
  socket: ClientSocket;
  refusal: RefusedConnection;
  errorFrame: string;
  onClosed: (code: number) => void;
}): SocketListener {
  socket.send(errorFrame);
  // The socket's listener is only known after this, so that the close would go unheard now.
  queueMicrotask(() => socket.close(refusal.closeCode, refusal.error.code));
  return { text: ignore, binary: ignore, oversized: ignore, drained: ignore, tooSlow: ignore, closed: onClosed };
}

import type { ClientSocket } from "./client-socket.js";
import type { RequestHead } from "../http/request-head.js";

/** What happens on an open socket. Called one at a time; `closed` comes last, once. */
export interface SocketListener {
  text(message: string): void;
  binary(): void;
  /** A message above the route's own limit; its content was not looked at. */
  oversized(bytes: number): void;
  /** The client had fallen behind and has caught up. */
  drained(): void;
  /** The buffer is past its limit: close the socket. */
  tooSlow(): void;
  closed(code: number): void;
}

/** An upgrade that may go on. `Admission` is whatever the route has to remember until the socket is open. */
export interface AcceptedUpgrade<Admission> {
  readonly subprotocol: string | undefined;
  /** Beside those of the upgrade itself. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly admission: Admission;
}

/** A WebSocket path and what is spoken there. */
export interface WebSocketRoute<Admission> {
  readonly pattern: string;
  /** Messages above this many UTF-8 bytes are `oversized`. */
  readonly maxMessageBytes: number;
  /** Decides who may connect; throws or rejects with what the client is told instead. */
  accept(request: RequestHead): AcceptedUpgrade<Admission> | Promise<AcceptedUpgrade<Admission>>;
  /** Called in the same moment as the upgrade, after `accept`; throws when there is no room any more. */
  checkRoom(): void;
  open(socket: ClientSocket, admission: Admission): SocketListener;
  /** Called instead of `open` when an accepted upgrade comes to nothing. */
  abandon(admission: Admission): void;
}

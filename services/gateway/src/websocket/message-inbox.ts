import type { SocketListener } from "./websocket-route.js";

/**
 * Messages that have been read and not handled yet. They are handled together, in order, once every socket that can be
 * read now has been: what they put on the bus then leaves in one write instead of one per socket.
 */
export class MessageInbox {
  #waiting: { readonly listener: SocketListener; readonly text: string }[] = [];

  push(listener: SocketListener, text: string): void {
    if (this.#waiting.push({ listener, text }) === 1) setImmediate(() => this.handleAll());
  }

  /** Handles at once what waits; called before anything else happens to a socket, so that the order holds. */
  handleAll(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const { listener, text } of waiting) listener.text(text);
  }
}

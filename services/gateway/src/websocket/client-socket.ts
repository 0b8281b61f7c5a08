import type { WebSocket } from "uWebSockets.js";
import type { Payload } from "../turns/turn-broadcast.js";
import type { BackpressureLimits } from "./backpressure.js";
import type { Flushable, FlushScheduler } from "./flush-scheduler.js";

/** A client's WebSocket, safe to use at any time: after the close every method does nothing. */
export class ClientSocket implements Flushable {
  readonly #ws: WebSocket<unknown>;
  readonly #scheduler: FlushScheduler;
  readonly #limits: BackpressureLimits;
  readonly #onWritten: (frames: number) => void;
  readonly #onTooSlow: () => void;
  readonly #onCaughtUp: () => void;
  #pending: Payload[] = [];
  #state: "open" | "closed" = "open";
  #congestedSinceMs: number | undefined;

  /**
   * `onWritten` counts; `onTooSlow` is called when the client must be closed because its buffer is past the limit,
   * `onCaughtUp` when one that had fallen behind may be sent more.
   */
  constructor(options: {
    ws: WebSocket<unknown>;
    scheduler: FlushScheduler;
    limits: BackpressureLimits;
    onWritten: (frames: number) => void;
    onTooSlow: () => void;
    onCaughtUp: () => void;
  }) {
    this.#ws = options.ws;
    this.#scheduler = options.scheduler;
    this.#limits = options.limits;
    this.#onWritten = options.onWritten;
    this.#onTooSlow = options.onTooSlow;
    this.#onCaughtUp = options.onCaughtUp;
  }

  /** Bytes that wait for the client to read. */
  get bufferedBytes(): number {
    return this.#state === "open" ? this.#ws.getBufferedAmount() : 0;
  }

  /** When the client fell behind, on the monotonic clock; undefined while it keeps up. */
  get congestedSinceMs(): number | undefined {
    return this.#congestedSinceMs;
  }

  /** Sends a text message with the others of this moment. False while the client is behind; the message is taken all the same. */
  send(payload: Payload): boolean {
    if (this.#state === "closed") return true;
    if (this.#pending.push(payload) === 1) this.#scheduler.schedule(this);
    return this.#congestedSinceMs === undefined;
  }

  /** Writes now what waits. */
  flush(): void {
    if (this.#state === "closed" || this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#ws.cork(() => {
      for (const payload of pending) this.#ws.send(payload, false);
    });
    this.#onWritten(pending.length);
    this.#measure();
  }

  /** Sends what waits, then a close frame. The route's `closed` is called before this returns. */
  close(code: number, reason: string): void {
    this.flush();
    if (this.#state === "open") this.#ws.end(code, reason);
  }

  /** Some of the buffer was written: calls `onCaughtUp` when the client had fallen behind and has caught up by that. */
  noteDrained(): void {
    if (this.#congestedSinceMs === undefined || this.bufferedBytes > this.#limits.resumeBytes) return;
    this.#congestedSinceMs = undefined;
    this.#onCaughtUp();
  }

  /** uWebSockets.js closed the socket: its object must not be touched any more. */
  noteClosed(): void {
    this.#state = "closed";
    this.#pending = [];
  }

  #measure(): void {
    const buffered = this.bufferedBytes;
    if (buffered > this.#limits.closeBytes) this.#onTooSlow();
    else if (buffered > this.#limits.pauseBytes) this.#congestedSinceMs ??= performance.now();
    // A write that empties the buffer itself is followed by no drain event of uWebSockets.js.
    else this.noteDrained();
  }
}

import type { ServerFrame } from "@ai-orchestra/contracts";
import type { Payload } from "../turns/turn-broadcast.js";
import type { HttpExchange, HttpStream } from "./http-exchange.js";
import { statusLine } from "./http-answers.js";

/** A comment: clients pass over it. */
export const SSE_PING = ": ping\n\n";
/** Proxies and clients give a silent connection up; a comment keeps it. */
const PING_PERIOD_MS = 15_000;
/** A client that reads nothing for this long is cut off; it can resume. */
const STUCK_TIMEOUT_MS = 30_000;

type SseState = "flowing" | "behind" | "ended";

/**
 * An answer of server-sent events, kept alive by comments. V2 frames have their type as the event's name; those with a
 * position, and `turn.started`, carry the id `<attempt>.<to>` to resume from.
 */
export class SseStream {
  readonly #exchange: HttpExchange;
  readonly #stream: HttpStream;
  readonly #onDrained: () => void;
  readonly #pings: NodeJS.Timeout;
  #stuckTimer: NodeJS.Timeout | undefined;
  #state: SseState = "flowing";

  /** `opening` leaves with the head. `onDrained` is called when a client that was behind has caught up. */
  constructor({
    exchange,
    headers,
    opening,
    onDrained,
  }: {
    exchange: HttpExchange;
    headers: Readonly<Record<string, string>>;
    opening?: string;
    onDrained: () => void;
  }) {
    this.#exchange = exchange;
    this.#onDrained = onDrained;
    const head = {
      status: statusLine(200),
      headers: { "content-type": "text/event-stream", "cache-control": "no-store", ...headers },
    };
    this.#stream = exchange.openStream(head, opening);
    this.#stream.onDrain(() => this.#drained());
    this.#pings = setInterval(() => {
      if (this.#state === "flowing") this.write(SSE_PING);
    }, PING_PERIOD_MS);
    exchange.onDone(() => this.#stop());
  }

  /** Sends a frame. False while the client is behind; the frame is taken all the same. */
  send(frame: ServerFrame, payload?: Payload): boolean {
    const data = payload === undefined ? JSON.stringify(frame) : payload;
    const text = typeof data === "string" ? data : Buffer.from(data).toString();
    const id = eventIdOf(frame);
    return this.write(`event: ${frame.type}\n${id === undefined ? "" : `id: ${id}\n`}data: ${text}\n\n`);
  }

  /** Ends the answer, with a last event where one is given. */
  end(chunk?: string): void {
    if (this.#state === "ended") return;
    this.#stop();
    this.#stream.end(chunk);
  }

  /** Whether the client keeps up. */
  get keepsUp(): boolean {
    return this.#state !== "behind";
  }

  /** Writes events as they are. Returns as `send` does. */
  write(chunk: string): boolean {
    if (this.#state === "ended") return true;
    if (this.#stream.write(chunk)) return this.#state === "flowing";
    this.#state = "behind";
    this.#stuckTimer ??= setTimeout(() => this.#exchange.cut(), STUCK_TIMEOUT_MS);
    return false;
  }

  #drained(): void {
    if (this.#state !== "behind") return;
    // The server only drains what it has buffered when something is written.
    if (!this.#stream.write(":\n\n")) return;
    clearTimeout(this.#stuckTimer);
    this.#stuckTimer = undefined;
    this.#state = "flowing";
    this.#onDrained();
  }

  #stop(): void {
    this.#state = "ended";
    clearInterval(this.#pings);
    clearTimeout(this.#stuckTimer);
  }
}

function eventIdOf(frame: ServerFrame): string | undefined {
  if (frame.type === "turn.started") return `${frame.attempt}.0`;
  return "to" in frame ? `${frame.attempt}.${frame.to}` : undefined;
}

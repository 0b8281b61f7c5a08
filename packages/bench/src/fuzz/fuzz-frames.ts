import { clientFrameSchema, CLOSE_CODES, errorFrameSchema, serverFrameSchema } from "@ai-orchestra/contracts";
import * as fc from "fast-check";
import { WebSocket } from "ws";
import type { FuzzTally } from "./fuzz-tally.js";
import { messageArbitrary, type FuzzMessage } from "./frame-arbitrary.js";

const ANSWER_TIMEOUT_MS = 10_000;
const MAX_PER_CONNECTION = 200;
const PLANNED_CLOSES: ReadonlySet<number> = new Set(Object.values(CLOSE_CODES));

/**
 * Sends `cases` messages, each followed by a ping, and holds every answer against the protocol: what is no valid frame
 * is answered by an error with a code before the pong, or by a close with a code of the protocol.
 */
export async function fuzzFrames(o: { url: string; cases: number; seed: number; tally: FuzzTally }): Promise<void> {
  let sent = 0;
  while (sent < o.cases) {
    const messages = fc.sample(messageArbitrary, {
      numRuns: Math.min(MAX_PER_CONNECTION, o.cases - sent),
      seed: o.seed + sent,
    });
    const wire = await FuzzSocket.open(o.url, o.tally);
    let used = 0;
    for (const message of messages) {
      used += 1;
      if ((await wire.offer(message)) === "closed") break;
    }
    wire.close();
    sent += used;
    o.tally.cases += used;
  }
}

class FuzzSocket {
  readonly #socket: WebSocket;
  readonly #tally: FuzzTally;
  #closeCode: number | undefined;
  #errors = 0;
  #pongs = new Set<string>();
  #wake: () => void = () => undefined;
  #current: FuzzMessage = { kind: "text", data: "" };
  #nonce = 0;

  private constructor(socket: WebSocket, tally: FuzzTally) {
    this.#socket = socket;
    this.#tally = tally;
    socket.on("message", (data) => this.#receive((data as Buffer).toString()));
    socket.on("error", () => undefined);
    socket.once("close", (code) => {
      this.#closeCode = code;
      this.#wake();
    });
  }

  static async open(url: string, tally: FuzzTally): Promise<FuzzSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws`, "orchestra.v2");
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    const wire = new FuzzSocket(socket, tally);
    await opened;
    return wire;
  }

  async offer(message: FuzzMessage): Promise<"open" | "closed"> {
    this.#current = message;
    this.#errors = 0;
    this.#nonce += 1;
    const nonce = `fuzz-${this.#nonce}`;
    const isBinary = message.kind === "binary";
    this.#socket.send(message.data, { binary: isBinary });
    this.#socket.send(JSON.stringify({ type: "ping", nonce }));
    const isAnswered = await this.#waitFor(() => this.#pongs.has(nonce) || this.#closeCode !== undefined);
    this.#pongs.delete(nonce);
    if (!isAnswered) this.#tally.violated("neither answered nor closed", message.data);
    else if (this.#closeCode !== undefined) this.#judgeClose(this.#closeCode, message);
    else if (this.#errors === 0 && !isValidFrame(message)) this.#tally.violated("no error for", message.data);
    else this.#tally.answered(this.#errors === 0 ? "frame taken" : "frame refused");
    return isAnswered && this.#closeCode === undefined ? "open" : "closed";
  }

  close(): void {
    this.#socket.close();
  }

  #judgeClose(code: number, message: FuzzMessage): void {
    const isPlanned = PLANNED_CLOSES.has(code) || (message.kind === "broken" && (code === 1006 || code === 1007));
    if (isPlanned) this.#tally.answered(`closed ${code}`);
    else this.#tally.violated(`closed with ${code}`, message.data);
  }

  #receive(text: string): void {
    const parsed = serverFrameSchema.safeParse(JSON.parse(text));
    if (!parsed.success) {
      this.#tally.violated(`a frame that is none (${text.slice(0, 200)})`, this.#current.data);
    } else if (parsed.data.type === "pong" && parsed.data.nonce !== undefined) {
      this.#pongs.add(parsed.data.nonce);
    } else if (parsed.data.type === "error") {
      this.#errors += 1;
      const { code } = errorFrameSchema.parse(parsed.data);
      if (code === "internal") this.#tally.violated("an internal error", this.#current.data);
    }
    this.#wake();
  }

  #waitFor(condition: () => boolean): Promise<boolean> {
    if (condition()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ANSWER_TIMEOUT_MS);
      this.#wake = () => {
        if (!condition()) return;
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

function isValidFrame({ kind, data }: FuzzMessage): boolean {
  if (kind !== "text" || typeof data !== "string") return false;
  try {
    return clientFrameSchema.safeParse(JSON.parse(data)).success;
  } catch {
    return false;
  }
}

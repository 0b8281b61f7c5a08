import type { ClientFrame, ServerFrame } from "@ai-orchestra/contracts";
import { once } from "node:events";
import { WebSocket, type ClientOptions } from "ws";

const WAIT_TIMEOUT_MS = 15_000;

/** A bare WebSocket client that remembers every frame. */
export class V2Client {
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly socket: WebSocket;
  readonly #checks = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString()) as ServerFrame);
      for (const check of this.#checks) check();
    });
    this.closed = once(socket, "close").then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  }

  static async connect(
    url: string,
    options: ClientOptions & { protocols?: string[]; path?: string } = {},
  ): Promise<V2Client> {
    const { protocols = ["orchestra.v2"], path = "/ws", ...rest } = options;
    const client = new V2Client(new WebSocket(url.replace("http", "ws") + path, protocols, rest));
    await once(client.socket, "open");
    return client;
  }

  send(frame: ClientFrame): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Waits until a frame of this type (and turn) is there and returns the first. */
  async receive<Type extends ServerFrame["type"]>(
    type: Type,
    where: (frame: Extract<ServerFrame, { type: Type }>) => boolean = () => true,
  ): Promise<Extract<ServerFrame, { type: Type }>> {
    const find = () =>
      this.frames.find(
        (frame): frame is Extract<ServerFrame, { type: Type }> =>
          frame.type === type && where(frame as Extract<ServerFrame, { type: Type }>),
      );
    await this.#until(() => find() !== undefined, `${type} in ${this.frames.map((frame) => frame.type).join(", ")}`);
    return find()!;
  }

  /** The frames of one turn after `receive`d terminal, in order. */
  ofTurn(turnId: string): ServerFrame[] {
    return this.frames.filter((frame) => "turnId" in frame && frame.turnId === turnId);
  }

  close(): void {
    this.socket.terminate();
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#checks.delete(check);
        reject(new Error(`waited in vain for ${what}`));
      }, WAIT_TIMEOUT_MS);
      const check = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#checks.delete(check);
        resolve();
      };
      this.#checks.add(check);
    });
  }
}

/** Checks what the protocol promises about one turn's frames, and returns the text of the last attempt. */
export function readTurn(frames: readonly ServerFrame[]): {
  text: string;
  terminals: ServerFrame[];
  attempts: number[];
} {
  let text = "";
  let position = 0;
  let attempt = 0;
  const attempts: number[] = [];
  const terminals: ServerFrame[] = [];
  for (const frame of frames) {
    if (frame.type === "turn.started") {
      if (frame.attempt <= attempt) throw new Error(`attempt ${frame.attempt} after ${attempt}`);
      attempt = frame.attempt;
      attempts.push(attempt);
      position = 0;
      text = "";
    } else if (frame.type === "turn.delta" || frame.type === "turn.status" || frame.type === "turn.tool") {
      if (frame.attempt !== attempt) throw new Error(`an event of attempt ${frame.attempt} in ${attempt}`);
      if (frame.from !== position) throw new Error(`an event from ${frame.from} at ${position}`);
      position = frame.to;
      if (frame.type === "turn.delta" && frame.agent === undefined) text += frame.text;
    } else if (frame.type === "turn.completed" || frame.type === "turn.failed" || frame.type === "turn.cancelled") {
      terminals.push(frame);
    }
  }
  return { text, terminals, attempts };
}

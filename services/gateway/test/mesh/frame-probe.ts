import type { ServerFrame, TerminalFrame, TurnDeltaFrame } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { WebSocket } from "ws";

type FrameOf<Type extends ServerFrame["type"]> = Extract<ServerFrame, { type: Type }>;

/**
 * A V2 client with no cleverness: it sends what it is told and keeps every frame it got, so that a test can say what a
 * client really saw on the wire.
 */
export class FrameProbe {
  readonly frames: ServerFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.frames.push(JSON.parse((data as Buffer).toString()) as ServerFrame));
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    socket.on("error", () => undefined);
  }

  /** Connects to `http://host:port` and waits for `hello`. */
  static async connect(url: string): Promise<FrameProbe> {
    const probe = new FrameProbe(new WebSocket(`${url.replace(/^http/, "ws")}/ws`, "orchestra.v2"));
    await probe.next("hello");
    return probe;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame));
  }

  start(turnId: string, text: string, more: Record<string, unknown> = {}): void {
    this.send({ type: "turn.start", turnId, input: { text }, ...more });
  }

  ofTurn(turnId: string): ServerFrame[] {
    return this.frames.filter((frame) => "turnId" in frame && frame.turnId === turnId);
  }

  /** Waits for a frame of this type, of this turn where one is named. */
  next<Type extends ServerFrame["type"]>(type: Type, turnId?: string, timeoutMs = 10_000): Promise<FrameOf<Type>> {
    return eventually(
      () => {
        const found = this.frames.find(
          (frame): frame is FrameOf<Type> =>
            frame.type === type && (turnId === undefined || ("turnId" in frame && frame.turnId === turnId)),
        );
        if (found === undefined)
          throw new Error(`no ${type} for ${turnId ?? "anything"} among ${this.#summary(turnId)}`);
        return found;
      },
      { timeoutMs },
    );
  }

  async terminal(turnId: string, timeoutMs = 15_000): Promise<TerminalFrame> {
    return eventually(
      () => {
        const [frame] = this.terminals(turnId);
        if (frame === undefined) throw new Error(`${turnId} has not ended; it saw ${this.#summary(turnId)}`);
        return frame;
      },
      { timeoutMs },
    );
  }

  terminals(turnId: string): TerminalFrame[] {
    return this.ofTurn(turnId).filter((frame): frame is TerminalFrame => isTerminal(frame));
  }

  /** The answer as the last attempt's deltas spell it; throws where positions are not contiguous. */
  streamedText(turnId: string): string {
    let attempt = 0;
    let position = 0;
    let text = "";
    for (const frame of this.ofTurn(turnId)) {
      if (frame.type === "turn.started") {
        if (frame.attempt <= attempt) throw new Error(`attempt ${frame.attempt} started after ${attempt}`);
        ({ attempt } = frame);
        position = 0;
        text = "";
      }
      if (frame.type !== "turn.delta" && frame.type !== "turn.status" && frame.type !== "turn.tool") continue;
      if (frame.attempt !== attempt || frame.from !== position) {
        throw new Error(`${frame.type} ${frame.attempt}:${frame.from} does not follow ${attempt}:${position}`);
      }
      position = frame.to;
      if (isAnswerDelta(frame)) text += frame.text;
    }
    return text;
  }

  lastPlace(turnId: string): { attempt: number; position: number } {
    let place = { attempt: 0, position: 0 };
    for (const frame of this.ofTurn(turnId)) {
      if (frame.type === "turn.started") place = { attempt: frame.attempt, position: 0 };
      if ("to" in frame) place = { attempt: frame.attempt, position: frame.to };
    }
    return place;
  }

  close(): void {
    this.#socket.terminate();
  }

  #summary(turnId: string | undefined): string {
    const frames = turnId === undefined ? this.frames : this.ofTurn(turnId);
    return `[${frames
      .map(({ type }) => type)
      .slice(-8)
      .join(", ")}]`;
  }
}

function isTerminal({ type }: ServerFrame): boolean {
  return type === "turn.completed" || type === "turn.failed" || type === "turn.cancelled";
}

function isAnswerDelta(frame: ServerFrame): frame is TurnDeltaFrame {
  return frame.type === "turn.delta" && frame.agent === undefined;
}

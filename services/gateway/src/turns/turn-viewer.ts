import type {
  OrchestraError,
  ServerFrame,
  TerminalFrame,
  TurnControlReply,
  TurnEvent,
  TurnKey,
  TurnResult,
} from "@ai-orchestra/contracts";
import type { Payload, TurnBroadcast } from "./turn-broadcast.js";
import { TurnCursor, type CursorOutcome } from "./turn-cursor.js";

/**
 * Takes a frame for the client: `payload` is its JSON. False means that the client is behind; the frame was taken,
 * but the viewer sends no more until `drained`.
 */
export type DeliverFrame = (frame: ServerFrame, payload: Payload) => boolean;

/** How a viewer ended: with the turn's terminal frame, because nothing could be found out, or because it left. */
export type ViewerEnd =
  | { readonly kind: "terminal"; readonly frame: TerminalFrame }
  | { readonly kind: "lost"; readonly error: OrchestraError }
  | { readonly kind: "left" };

/** When a turn must have ended, epoch ms. `assumed` when somebody else submitted it: then it moves on while the turn lives. */
export interface ViewerDeadline {
  at: number;
  readonly assumed: boolean;
}

type ViewerState =
  | { readonly kind: "live" }
  /** Waits for an answer (the queue's or the producer's) and keeps what comes meanwhile. */
  | { readonly kind: "holding"; readonly held: TurnBroadcast[]; missed: boolean }
  /** The client does not keep up: events pass by unseen, the producer has them. */
  | { readonly kind: "behind" }
  | { readonly kind: "ended" };

/** Events kept while a viewer holds; past it they are dropped and asked for again. */
const MAX_HELD_EVENTS = 256;

export interface TurnViewerOptions {
  readonly key: TurnKey;
  readonly start?: { readonly attempt: number; readonly position: number } | undefined;
  readonly deadline: ViewerDeadline;
  readonly traceId?: string | undefined;
  readonly deliver: DeliverFrame;
  readonly onGap: (viewer: TurnViewer) => void;
  readonly onEnd: (end: ViewerEnd, viewer: TurnViewer) => void;
}

/**
 * One client watching one turn. It begins holding; `release` lets it go live. It ends once, and a viewer that ends
 * with a terminal frame has delivered exactly that one.
 */
export class TurnViewer {
  readonly key: TurnKey;
  readonly deadline: ViewerDeadline;
  readonly traceId: string | undefined;
  /** Ticks of the registry since something was heard or asked. */
  quietTicks = 0;
  /** Whether the turn gave a sign of life since the registry last looked. */
  heard = false;
  readonly #cursor: TurnCursor;
  readonly #deliver: DeliverFrame;
  readonly #onGap: (viewer: TurnViewer) => void;
  readonly #onEnd: (end: ViewerEnd, viewer: TurnViewer) => void;
  #state: ViewerState = { kind: "holding", held: [], missed: false };
  #bytes: Uint8Array | undefined;
  #keepsUp = true;

  constructor(options: TurnViewerOptions) {
    this.key = options.key;
    this.deadline = options.deadline;
    this.traceId = options.traceId;
    this.#cursor = new TurnCursor(options.start);
    this.#deliver = options.deliver;
    this.#onGap = options.onGap;
    this.#onEnd = options.onEnd;
  }

  get state(): ViewerState["kind"] {
    return this.#state.kind;
  }

  /** What the viewer has: the last attempt it saw and the end of what it got of it. */
  get place(): { attempt: number; position: number } {
    return { attempt: this.#cursor.attempt, position: this.#cursor.position };
  }

  /** An event of the turn, live from the bus. */
  hear(broadcast: TurnBroadcast): void {
    this.quietTicks = 0;
    this.heard = true;
    const state = this.#state;
    if (state.kind === "live") this.#feedLive(broadcast);
    else if (state.kind === "holding") holdBack(state, broadcast);
  }

  /** Keeps live events back while an answer is on its way. False when the viewer holds already, or ended. */
  hold(): boolean {
    if (this.#state.kind === "holding" || this.#state.kind === "ended") return false;
    this.#state = { kind: "holding", held: [], missed: false };
    return true;
  }

  /** Sends on what the producer said came after `place`. Still holding afterwards, unless the client fell behind. */
  applyState(reply: Extract<TurnControlReply, { status: "running" }>): void {
    this.heard = true;
    for (const event of reply.events) {
      if (this.#state.kind !== "holding") return;
      this.#feed(event, undefined);
    }
  }

  /** Ends the viewer the way the turn ended. */
  applyResult(result: TurnResult): void {
    if (this.#state.kind !== "ended") this.#feed({ type: "turn.result", result }, undefined);
  }

  /** Goes live with what was held back. */
  release(): void {
    const state = this.#state;
    if (state.kind !== "holding") return;
    this.#state = { kind: "live" };
    for (const broadcast of state.held) {
      if (this.state !== "live") return;
      this.#feedLive(broadcast);
    }
    if (state.missed && this.state === "live") this.#onGap(this);
  }

  /** Gives up without a terminal frame, because nothing could be found out. */
  lose(error: OrchestraError): void {
    this.#end({ kind: "lost", error });
  }

  /** Stops watching; nothing more is delivered. */
  leave(): void {
    this.#end({ kind: "left" });
  }

  #feedLive({ event, bytes }: TurnBroadcast): void {
    if (this.#feed(event, bytes) === "gap") this.#onGap(this);
  }

  #feed(event: TurnEvent, bytes: Uint8Array | undefined): CursorOutcome {
    this.#bytes = bytes;
    const outcome = this.#cursor.accept(event, this.#emit);
    this.#bytes = undefined;
    if (event.type === "turn.result") this.#end({ kind: "terminal", frame: event.result.frame });
    else if (!this.#keepsUp && this.#state.kind !== "ended") {
      this.#keepsUp = true;
      this.#state = { kind: "behind" };
    }
    return outcome;
  }

  readonly #emit = (frame: ServerFrame, unchanged: boolean): void => {
    const payload = unchanged && this.#bytes !== undefined ? this.#bytes : JSON.stringify(frame);
    if (!this.#deliver(frame, payload)) this.#keepsUp = false;
  };

  #end(end: ViewerEnd): void {
    if (this.#state.kind === "ended") return;
    this.#state = { kind: "ended" };
    this.#onEnd(end, this);
  }
}

function holdBack(state: Extract<ViewerState, { kind: "holding" }>, broadcast: TurnBroadcast): void {
  if (state.held.length < MAX_HELD_EVENTS) {
    state.held.push(broadcast);
    return;
  }
  state.held.length = 0;
  state.missed = true;
}

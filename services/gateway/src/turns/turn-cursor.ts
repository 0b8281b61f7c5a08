import type { ServerFrame, TurnDeltaFrame, TurnEvent, TurnResult } from "@ai-orchestra/contracts";
import { missingAnswerText } from "./answer-text.js";

type PositionedEvent = Extract<TurnEvent, { from: number }>;

/**
 * What became of an event: `sent` on, `dropped` because the viewer has it or an older attempt said it, `gap` because
 * something before it is missing (nothing was sent; ask the producer), or `ended` because it was the end.
 */
export type CursorOutcome = "sent" | "dropped" | "gap" | "ended";

/** Takes a frame for the viewer. `unchanged` says that it is the event as it came, so that its bytes can be passed on. */
export type EmitFrame = (frame: ServerFrame, unchanged: boolean) => void;

/**
 * Where one viewer stands in one turn, and what of each event it still needs. Whatever the order, repeats and losses
 * of the events, what is emitted is contiguous within an attempt, attempts only grow, and nothing follows the terminal
 * frame. Pure: it neither waits nor asks.
 */
export class TurnCursor {
  #attempt: number;
  #position: number;
  #ended = false;

  constructor(start: { attempt: number; position: number } = { attempt: 0, position: 0 }) {
    this.#attempt = start.attempt;
    this.#position = start.position;
  }

  /** The highest attempt the viewer has seen; 0 before the first. */
  get attempt(): number {
    return this.#attempt;
  }

  /** The end of what the viewer has of that attempt. */
  get position(): number {
    return this.#position;
  }

  accept(event: TurnEvent, emit: EmitFrame): CursorOutcome {
    if (this.#ended) return "dropped";
    if (event.type === "turn.result") return this.#acceptResult(event.result, emit);
    if (event.type !== "turn.started") return this.#acceptPositioned(event, emit);
    if (event.attempt <= this.#attempt) return "dropped";
    this.#attempt = event.attempt;
    this.#position = 0;
    emit(event, true);
    return "sent";
  }

  #acceptPositioned(event: PositionedEvent, emit: EmitFrame): CursorOutcome {
    if (event.attempt !== this.#attempt) return event.attempt < this.#attempt ? "dropped" : "gap";
    if (event.to <= this.#position) return "dropped";
    if (event.from > this.#position) return "gap";
    if (event.from === this.#position) {
      this.#position = event.to;
      emit(event, true);
      return "sent";
    }
    // Only text can be cut in two; anything else that straddles the position is not part of this log.
    if (event.type !== "turn.delta") return "gap";
    const rest = { ...event, from: this.#position, text: event.text.slice(this.#position - event.from) };
    this.#position = event.to;
    emit(rest, false);
    return "sent";
  }

  #acceptResult(result: TurnResult, emit: EmitFrame): CursorOutcome {
    if (result.attempt > this.#attempt) this.#startOver(result, emit);
    else if (result.attempt === this.#attempt) this.#emitTail(result, emit);
    this.#ended = true;
    emit(result.frame, false);
    return "ended";
  }

  /** The viewer saw nothing of the attempt that ended the turn; only a completed frame says enough to begin it. */
  #startOver(result: TurnResult, emit: EmitFrame): void {
    const { frame } = result;
    if (frame.type !== "turn.completed") return;
    this.#attempt = result.attempt;
    this.#position = 0;
    const { model, mode } = frame.metadata;
    emit(
      {
        type: "turn.started",
        turnId: result.turnId,
        sessionId: result.sessionId,
        attempt: result.attempt,
        model,
        mode,
      },
      false,
    );
    this.#emitTail(result, emit);
  }

  #emitTail(result: TurnResult, emit: EmitFrame): void {
    if (this.#position >= result.to) return;
    const text = missingAnswerText(result, this.#position);
    if (text === "") return;
    const delta: TurnDeltaFrame = {
      type: "turn.delta",
      turnId: result.turnId,
      attempt: result.attempt,
      from: this.#position,
      to: result.to,
      text,
    };
    this.#position = result.to;
    emit(delta, false);
  }
}

import type {
  TerminalFrame,
  TurnAcceptedFrame,
  TurnDeltaFrame,
  TurnStartedFrame,
  TurnStatusFrame,
  TurnToolFrame,
} from "@ai-orchestra/contracts";

/** Every frame that belongs to one turn. */
export type TurnFrame =
  | TurnAcceptedFrame
  | TurnStartedFrame
  | TurnDeltaFrame
  | TurnStatusFrame
  | TurnToolFrame
  | TerminalFrame;

/** How far a client has come in one turn. `attempt` and `position` 0: nothing seen yet. */
export type TurnState =
  | { readonly phase: "submitted" }
  | {
      readonly phase: "accepted";
      readonly sessionId: string;
      readonly attempt: number;
      readonly position: number;
    }
  | { readonly phase: "ended"; readonly sessionId: string };

/** What one frame means to someone in a certain state. */
export type TurnStep =
  /** New: pass `frame` on, which is the part of what arrived that was not seen before. */
  | { readonly kind: "deliver"; readonly state: TurnState; readonly frame: TurnFrame }
  /** Seen before, or of an attempt that a later one replaced. */
  | { readonly kind: "drop" }
  /** Something before it is missing: ask for it with `turn.resume`; the answer brings this frame again. */
  | { readonly kind: "gap" };

const DROP: TurnStep = { kind: "drop" };
const GAP: TurnStep = { kind: "gap" };

/**
 * Decides what a frame means, so that what is delivered holds every event of an attempt once and in order, and ends
 * with exactly one terminal frame. Pure.
 */
export function reduceTurn(state: TurnState, frame: TurnFrame): TurnStep {
  if (state.phase === "ended") return DROP;
  switch (frame.type) {
    case "turn.accepted":
      return state.phase === "accepted" ? DROP : accept(frame.sessionId, 0, frame);
    case "turn.started":
      if (state.phase === "accepted" && frame.attempt <= state.attempt) return DROP;
      return accept(frame.sessionId, frame.attempt, frame);
    case "turn.completed":
    case "turn.failed":
    case "turn.cancelled":
      return { kind: "deliver", state: { phase: "ended", sessionId: frame.sessionId }, frame };
    case "turn.delta":
    case "turn.status":
    case "turn.tool":
      return state.phase === "accepted" ? advance(state, frame) : GAP;
  }
}

function accept(sessionId: string, attempt: number, frame: TurnFrame): TurnStep {
  return { kind: "deliver", state: { phase: "accepted", sessionId, attempt, position: 0 }, frame };
}

function advance(
  state: TurnState & { phase: "accepted" },
  frame: TurnDeltaFrame | TurnStatusFrame | TurnToolFrame,
): TurnStep {
  const { attempt, position } = state;
  if (frame.attempt < attempt) return DROP;
  // Of a later attempt whose turn.started is missing: the answer to a resume begins with it.
  if (frame.attempt > attempt) return GAP;
  if (frame.to <= position) return DROP;
  const next: TurnState = { ...state, position: frame.to };
  if (frame.from === position) return { kind: "deliver", state: next, frame };
  if (frame.from > position) return GAP;
  // Merged on the way: its first part was seen. Text counts one position per UTF-16 unit, so it can be cut.
  if (frame.type !== "turn.delta" || frame.text.length !== frame.to - frame.from) return GAP;
  const rest = { ...frame, from: position, text: frame.text.slice(position - frame.from) };
  return { kind: "deliver", state: next, frame: rest };
}

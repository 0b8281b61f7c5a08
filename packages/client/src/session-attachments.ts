import type { ClientFrame } from "@ai-orchestra/contracts";
import { OrchestraClientError } from "./client-error.js";
import { Listeners } from "./listeners.js";
import { ResumeRequests } from "./resume-requests.js";
import { reduceTurn, type TurnFrame, type TurnState } from "./turn-state.js";

const MAX_ATTACHED_SESSIONS = 64;
/** Turns whose progress is remembered; the oldest is forgotten first. */
const MAX_FOLLOWED_TURNS = 512;

interface FollowedTurn {
  readonly sessionId: string;
  state: TurnState;
  readonly resumes: ResumeRequests;
}

type Link = { send(frame: ClientFrame): void };

export interface SessionAttachmentsOptions {
  /** The session of a turn of this client, where it is known. */
  readonly findSessionId: (turnId: string) => string | undefined;
}

/** Follows whole sessions: every event of every turn in them once, in order, over reconnects. */
export class SessionAttachments {
  readonly #findSessionId: (turnId: string) => string | undefined;
  readonly #sessions = new Map<string, Listeners<TurnFrame>>();
  readonly #turns = new Map<string, FollowedTurn>();
  #link: Link | undefined;

  constructor(o: SessionAttachmentsOptions) {
    this.#findSessionId = o.findSessionId;
  }

  /** @returns ends it; throws `overloaded` past 64 sessions */
  attach(sessionId: string, onFrame: (frame: TurnFrame) => void): () => void {
    let listeners = this.#sessions.get(sessionId);
    if (listeners === undefined) {
      if (this.#sessions.size >= MAX_ATTACHED_SESSIONS) {
        throw new OrchestraClientError("overloaded", `a client attaches to ${MAX_ATTACHED_SESSIONS} sessions at most`);
      }
      listeners = new Listeners();
      this.#sessions.set(sessionId, listeners);
      this.#link?.send({ type: "session.attach", sessionId });
    }
    const remove = listeners.add(onFrame);
    return () => {
      remove();
      if (this.#sessions.get(sessionId)?.size === 0) this.#detach(sessionId);
    };
  }

  connect(link: Link): void {
    this.#link = link;
    for (const sessionId of this.#sessions.keys()) link.send({ type: "session.attach", sessionId });
    for (const [turnId, turn] of this.#turns) {
      turn.resumes.forget();
      this.#resume(turnId, turn);
    }
  }

  disconnect(): void {
    this.#link = undefined;
  }

  handleFrame(frame: TurnFrame): void {
    if (this.#sessions.size === 0) return;
    const turn = this.#turns.get(frame.turnId) ?? this.#follow(frame);
    const listeners = turn === undefined ? undefined : this.#sessions.get(turn.sessionId);
    if (turn === undefined || listeners === undefined) return;
    const step = reduceTurn(turn.state, frame);
    if (step.kind === "gap") this.#resume(frame.turnId, turn);
    if (step.kind !== "deliver") return;
    turn.state = step.state;
    listeners.emit(step.frame);
  }

  #follow(frame: TurnFrame): FollowedTurn | undefined {
    const sessionId = "sessionId" in frame ? frame.sessionId : this.#findSessionId(frame.turnId);
    if (sessionId === undefined || !this.#sessions.has(sessionId)) return undefined;
    // Joined in the middle: what came before counts as missing and is asked for.
    const unseen: TurnState = { phase: "accepted", sessionId, attempt: 0, position: 0 };
    const state: TurnState = frame.type === "turn.accepted" ? { phase: "submitted" } : unseen;
    const turn: FollowedTurn = { sessionId, state, resumes: new ResumeRequests() };
    const [oldest] = this.#turns.keys();
    if (oldest !== undefined && this.#turns.size >= MAX_FOLLOWED_TURNS) this.#turns.delete(oldest);
    this.#turns.set(frame.turnId, turn);
    return turn;
  }

  #resume(turnId: string, { state, resumes }: FollowedTurn): void {
    if (state.phase !== "accepted" || this.#link === undefined) return;
    const { sessionId, attempt, position } = state;
    if (!resumes.take(attempt, position)) return;
    this.#link.send({ type: "turn.resume", turnId, sessionId, attempt, position });
  }

  #detach(sessionId: string): void {
    this.#sessions.delete(sessionId);
    for (const [turnId, turn] of this.#turns) if (turn.sessionId === sessionId) this.#turns.delete(turnId);
    this.#link?.send({ type: "session.detach", sessionId });
  }
}

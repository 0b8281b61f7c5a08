import type { TurnKey } from "@ai-orchestra/contracts";
import type { TurnViewer } from "../turns/turn-viewer.js";

/** How a connection came to watch a turn: it started it, resumed it, or is attached to the turn's session. */
export type WatchOrigin = "started" | "resumed" | "attached";

export interface WatchedTurn {
  readonly viewer: TurnViewer;
  readonly origin: WatchOrigin;
  /** Whether the turn is cancelled when the client goes away. */
  readonly cancelOnDisconnect: boolean;
  /** Only of started turns; see `SubmittedTurn`. */
  readonly accepted?: Promise<unknown> | undefined;
}

/** Ended turns that a connection remembers; the oldest is forgotten first. */
const MAX_ENDED = 256;

/** The turns that one connection watches, one viewer each, and what it has to remember of those that ended. */
export class ConnectionTurns {
  readonly #watched = new Map<string, WatchedTurn>();
  readonly #endedSessionByTurn = new Map<string, string>();
  readonly #lastOpenTurnBySession = new Map<string, string>();

  get size(): number {
    return this.#watched.size;
  }

  get(turnId: string): WatchedTurn | undefined {
    return this.#watched.get(turnId);
  }

  list(): WatchedTurn[] {
    return [...this.#watched.values()];
  }

  /** Turns watched because the client asked for them (`own`) or because of an attached session. */
  count(kind: "own" | "attached"): number {
    let attached = 0;
    for (const turn of this.#watched.values()) if (turn.origin === "attached") attached += 1;
    return kind === "attached" ? attached : this.#watched.size - attached;
  }

  add(watched: WatchedTurn): void {
    const { turnId, sessionId } = watched.viewer.key;
    this.#watched.set(turnId, watched);
    this.#endedSessionByTurn.delete(turnId);
    if (watched.origin === "started") this.#lastOpenTurnBySession.set(sessionId, turnId);
  }

  /** Forgets a turn that is watched no more; one that `ended` is remembered for a while. */
  remove({ turnId, sessionId }: TurnKey, how: "ended" | "left"): void {
    this.#watched.delete(turnId);
    if (this.#lastOpenTurnBySession.get(sessionId) === turnId) this.#lastOpenTurnBySession.delete(sessionId);
    if (how === "left") return;
    this.#endedSessionByTurn.set(turnId, sessionId);
    if (this.#endedSessionByTurn.size <= MAX_ENDED) return;
    for (const oldest of this.#endedSessionByTurn.keys()) {
      this.#endedSessionByTurn.delete(oldest);
      return;
    }
  }

  hasEnded(turnId: string): boolean {
    return this.#endedSessionByTurn.has(turnId);
  }

  /** The session of a turn that this connection watches or saw end. */
  sessionOf(turnId: string): string | undefined {
    return this.#watched.get(turnId)?.viewer.key.sessionId ?? this.#endedSessionByTurn.get(turnId);
  }

  /** The turn that the connection started last in a session, while it has not ended. */
  lastOpenTurn(sessionId: string): string | undefined {
    return this.#lastOpenTurnBySession.get(sessionId);
  }
}

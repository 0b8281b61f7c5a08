import { OrchestraError, type ServerFrame, type TurnResumeFrame, type TurnStartFrame } from "@ai-orchestra/contracts";
import { extractTraceContext } from "@ai-orchestra/telemetry";
import type { ConnectionIdentity } from "../connections/connection-identity.js";
import { ConnectionTurns, type WatchedTurn } from "../connections/connection-turns.js";
import type { GatewayMetrics } from "../gateway-metrics.js";
import type { CancelTurn } from "../turns/cancel-turn.js";
import type { SessionFeeds } from "../turns/session-feeds.js";
import type { SubmitTurn } from "../turns/submit-turn.js";
import type { Payload, TurnBroadcast } from "../turns/turn-broadcast.js";
import { deriveSessionId } from "../turns/turn-ids.js";
import type { TurnViewer, ViewerEnd } from "../turns/turn-viewer.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import type { ClientSocket } from "./client-socket.js";
import { toErrorFrame } from "./frame-codec.js";

/** What a client may hold at once on one connection. */
export interface V2TurnLimits {
  readonly maxTurnsInFlight: number;
  readonly maxAttachedSessions: number;
}

/** What turns need, the same for every connection. */
export interface V2TurnDependencies {
  submitTurn: SubmitTurn;
  cancelTurn: CancelTurn;
  viewers: TurnViewers;
  feeds: SessionFeeds;
  metrics: GatewayMetrics;
  /** Hears of errors that no frame can answer, such as a cancel after the client went away. */
  onError: (error: unknown) => void;
}

export interface V2TurnsOptions extends V2TurnDependencies {
  identity: ConnectionIdentity;
  limits: V2TurnLimits;
  socket: ClientSocket;
  send: (frame: ServerFrame) => void;
}

/**
 * The turns and sessions that one V2 connection watches. Each turn has one viewer: whoever asks for a turn that is
 * watched already is answered again and sees it once.
 */
export class V2Turns {
  readonly #options: V2TurnsOptions;
  readonly #turns = new ConnectionTurns();
  readonly #detachBySession = new Map<string, () => void>();

  constructor(options: V2TurnsOptions) {
    this.#options = options;
  }

  /** Turns that are being watched. */
  get size(): number {
    return this.#turns.size;
  }

  /** Rejects, with nothing submitted or watched, when the turn cannot be taken. */
  async start(frame: TurnStartFrame): Promise<void> {
    const { turnId } = frame;
    const known = this.#turns.get(turnId);
    if (known?.accepted !== undefined) {
      this.#assertSameSession(known, frame.sessionId);
      await known.accepted;
      this.#options.send({ type: "turn.accepted", turnId, sessionId: known.viewer.key.sessionId, duplicate: true });
      return;
    }
    known?.viewer.leave();
    this.#assertTurnFits();
    const sessionId = frame.sessionId ?? deriveSessionId(turnId);
    const submitted = this.#options.submitTurn({
      principal: this.#options.identity.principal,
      order: { ...frame, sessionId },
      protocol: "v2",
      afterTurnId: this.#turns.lastOpenTurn(sessionId),
      traceContext: extractTraceContext(frame.traceparent),
      deliver: this.#deliver,
      onEnd: (end) => this.#ended(end, submitted.viewer),
    });
    const { viewer, accepted } = submitted;
    const cancelOnDisconnect = frame.options?.onDisconnect === "cancel";
    this.#turns.add({ viewer, origin: "started", cancelOnDisconnect, accepted });
    const { duplicate } = await accepted;
    this.#options.metrics.countTurnAccepted("websocket");
    this.#options.send({ type: "turn.accepted", turnId, sessionId, duplicate: duplicate ? true : undefined });
    viewer.release();
    if (duplicate) await this.#options.viewers.ask(viewer, "duplicate");
  }

  /** Goes on where the client stands. A viewer that it has of the turn is replaced. */
  async resume({ turnId, sessionId, attempt, position }: TurnResumeFrame): Promise<void> {
    const known = this.#turns.get(turnId);
    known?.viewer.leave();
    this.#assertTurnFits();
    const deadline = known?.viewer.deadline;
    const viewer = this.#options.viewers.open({
      key: { owner: this.#options.identity.principal.owner, sessionId, turnId },
      start: { attempt, position },
      deadlineAt: deadline?.assumed === false ? deadline.at : undefined,
      deliver: this.#deliver,
      onEnd: (end) => this.#ended(end, viewer),
    });
    this.#turns.add({ viewer, origin: "resumed", cancelOnDisconnect: known?.cancelOnDisconnect ?? false });
    viewer.release();
    await this.#options.viewers.ask(viewer, "resume");
  }

  async cancel(turnId: string, givenSessionId: string | undefined): Promise<void> {
    const sessionId = givenSessionId ?? this.#turns.sessionOf(turnId) ?? deriveSessionId(turnId);
    await this.#options.cancelTurn({ owner: this.#options.identity.principal.owner, sessionId, turnId });
  }

  /** Shows every turn of a session from now on; a second time changes nothing. */
  attach(sessionId: string): void {
    if (this.#detachBySession.has(sessionId)) return;
    const { limits, feeds, identity, metrics } = this.#options;
    if (this.#detachBySession.size >= limits.maxAttachedSessions) {
      metrics.countLimit("attached_sessions");
      throw new OrchestraError("rate_limited", `at most ${limits.maxAttachedSessions} sessions may be attached`);
    }
    const { owner } = identity.principal;
    const detach = feeds.listen({ owner, sessionId }, (broadcast) => this.#watchAttached(sessionId, broadcast));
    this.#detachBySession.set(sessionId, detach);
  }

  /** Turns that the connection started or resumed itself are watched on. */
  detach(sessionId: string): void {
    this.#detachBySession.get(sessionId)?.();
    this.#detachBySession.delete(sessionId);
    for (const { viewer, origin } of this.#turns.list()) {
      if (origin === "attached" && viewer.key.sessionId === sessionId) viewer.leave();
    }
  }

  /** One turn after the other, and no further than the client takes it: the rest waits for the next drain. */
  async catchUpBehind(): Promise<void> {
    for (const { viewer } of this.#turns.list()) {
      if (this.#options.socket.congestedSinceMs !== undefined) return;
      if (viewer.state === "behind") await this.#options.viewers.ask(viewer, "drained");
    }
  }

  /** Watches nothing any more. A client that left has those of its turns cancelled that ask for it. */
  leaveAll({ clientLeft }: { clientLeft: boolean }): void {
    for (const detach of this.#detachBySession.values()) detach();
    this.#detachBySession.clear();
    for (const { viewer, cancelOnDisconnect } of this.#turns.list()) {
      viewer.leave();
      if (clientLeft && cancelOnDisconnect) this.#options.cancelTurn(viewer.key).catch(this.#options.onError);
    }
  }

  /** A turn of an attached session that is new here is watched from now on; what it said before is asked for. */
  #watchAttached(sessionId: string, broadcast: TurnBroadcast): void {
    const { turnId } = broadcast;
    if (this.#turns.get(turnId) !== undefined || this.#turns.hasEnded(turnId)) return;
    if (this.#turns.count("attached") >= this.#options.limits.maxTurnsInFlight) return;
    const viewer = this.#options.viewers.open({
      key: { owner: this.#options.identity.principal.owner, sessionId, turnId },
      deliver: this.#deliver,
      onEnd: (end) => this.#ended(end, viewer),
    });
    this.#turns.add({ viewer, origin: "attached", cancelOnDisconnect: false });
    viewer.release();
    viewer.hear(broadcast);
  }

  #ended(end: ViewerEnd, viewer: TurnViewer): void {
    const origin = this.#turns.get(viewer.key.turnId)?.origin;
    this.#turns.remove(viewer.key, end.kind === "terminal" ? "ended" : "left");
    this.#options.metrics.countTurnEnded(end);
    // Whoever is only attached never asked for this turn.
    if (end.kind === "lost" && origin !== "attached") this.#options.send(toErrorFrame(end.error, viewer.key.turnId));
  }

  readonly #deliver = (_frame: ServerFrame, payload: Payload): boolean => this.#options.socket.send(payload);

  #assertSameSession(known: WatchedTurn, sessionId: string | undefined): void {
    if (sessionId === undefined || sessionId === known.viewer.key.sessionId) return;
    throw new OrchestraError("conflict", "this turn runs in another session");
  }

  #assertTurnFits(): void {
    const { maxTurnsInFlight } = this.#options.limits;
    if (this.#turns.count("own") < maxTurnsInFlight) return;
    this.#options.metrics.countLimit("turns_in_flight");
    throw new OrchestraError("rate_limited", `at most ${maxTurnsInFlight} turns may be in flight on a connection`, {
      retryAfterMs: 1_000,
    });
  }
}

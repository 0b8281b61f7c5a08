import {
  CLOSE_CODES,
  OrchestraError,
  type ClientFrame,
  type CloseCode,
  type ServerFrame,
} from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import type { AdmittedConnection } from "../connections/connection-admission.js";
import type { Connection } from "../connections/connection-registry.js";
import type { TakeMessage } from "../connections/message-limit.js";
import { RefusalMeter } from "../connections/refusal-meter.js";
import type { ClientSocket } from "./client-socket.js";
import { decodeClientFrame, toErrorFrame } from "./frame-codec.js";
import { V2Turns, type V2TurnDependencies, type V2TurnLimits } from "./v2-turns.js";
import type { SocketListener } from "./websocket-route.js";

export interface ChannelLimits extends V2TurnLimits {
  readonly maxMessageBytes: number;
  readonly refusedFramesPerMinute: number;
  /** Frames above the client's rate that one connection may send within a minute before it is closed with 4005. */
  readonly rateLimitedFramesPerMinute: number;
}

export interface V2ChannelOptions extends V2TurnDependencies {
  admitted: AdmittedConnection;
  socket: ClientSocket;
  limits: ChannelLimits;
  takeMessage: TakeMessage;
  monotonicMs: () => number;
  onClosed: (channel: V2Channel) => void;
}

/** One connection that speaks protocol V2: what its frames do, and what it hears. */
export class V2Channel implements Connection, SocketListener {
  readonly id: string;
  readonly #options: V2ChannelOptions;
  /** Made with the first frame that needs it: most connections are idle most of the time. */
  #turns: V2Turns | undefined;
  readonly #refusals: RefusalMeter;
  readonly #rateLimitations: RefusalMeter;
  #activeAtMs: number;
  #state: "open" | "closing" | "closed" = "open";

  constructor(options: V2ChannelOptions) {
    this.id = options.admitted.connectionId;
    this.#activeAtMs = options.monotonicMs();
    this.#options = options;
    this.#refusals = new RefusalMeter({
      limit: options.limits.refusedFramesPerMinute,
      monotonicMs: options.monotonicMs,
    });
    this.#rateLimitations = new RefusalMeter({
      limit: options.limits.rateLimitedFramesPerMinute,
      monotonicMs: options.monotonicMs,
    });
  }

  get principal(): Principal {
    return this.#options.admitted.identity.principal;
  }

  get retireAtMs(): number {
    return this.#options.admitted.retireAtMs;
  }

  get activeAtMs(): number {
    if ((this.#turns?.size ?? 0) > 0) this.#activeAtMs = this.#options.monotonicMs();
    return this.#activeAtMs;
  }

  get bufferedBytes(): number {
    return this.#options.socket.bufferedBytes;
  }

  get congestedSinceMs(): number | undefined {
    return this.#options.socket.congestedSinceMs;
  }

  send(frame: ServerFrame): void {
    this.#options.socket.send(JSON.stringify(frame));
  }

  announceDrain(reconnectAfterMs: number): void {
    this.send({ type: "drain", reconnectAfterMs });
  }

  close(code: CloseCode, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#options.socket.close(code, reason);
  }

  text(message: string): void {
    if (this.#state !== "open") return;
    const decoded = decodeClientFrame(message);
    this.#options.metrics.countFrameIn(decoded.ok ? decoded.frame.type : "refused");
    this.#activeAtMs = this.#options.monotonicMs();
    const turnId = decoded.ok ? turnIdOf(decoded.frame) : decoded.turnId;
    if (!this.#takeMessage(turnId)) return;
    if (decoded.ok) this.#handle(decoded.frame);
    else this.#refuse(decoded.error, turnId);
  }

  binary(): void {
    this.#options.metrics.countFrameIn("refused");
    if (!this.#takeMessage(undefined)) return;
    this.#refuse(new OrchestraError("invalid_request", "frames are text, not binary"));
  }

  oversized(bytes: number): void {
    this.#options.metrics.countFrameIn("refused");
    this.#options.metrics.countLimit("message_bytes");
    const limit = this.#options.limits.maxMessageBytes;
    this.send(toErrorFrame(new OrchestraError("too_large", `${bytes} bytes are more than the ${limit} of a message`)));
    this.close(CLOSE_CODES.messageTooLarge, "message too large");
  }

  tooSlow(): void {
    this.close(CLOSE_CODES.slowConsumer, "slow consumer");
  }

  drained(): void {
    void this.#turns?.catchUpBehind();
  }

  closed(code: number): void {
    const clientLeft = this.#state === "open";
    this.#state = "closed";
    this.#options.metrics.countClose(code);
    this.#turns?.leaveAll({ clientLeft });
    this.#options.onClosed(this);
  }

  #handle(frame: ClientFrame): void {
    switch (frame.type) {
      case "turn.start":
        this.#run(() => this.#openTurns().start(frame), frame.turnId);
        return;
      case "turn.resume":
        this.#run(() => this.#openTurns().resume(frame), frame.turnId);
        return;
      case "turn.cancel":
        this.#run(() => this.#openTurns().cancel(frame.turnId, frame.sessionId), frame.turnId);
        return;
      case "session.attach":
        this.#run(() => this.#openTurns().attach(frame.sessionId));
        return;
      case "session.detach":
        this.#turns?.detach(frame.sessionId);
        return;
      case "ping":
        this.send({ type: "pong", nonce: frame.nonce });
        return;
      case "auth.refresh":
        this.#run(() => this.#refreshToken(frame.token));
        return;
    }
  }

  /** A bad token is refused and the one before stays; another client's has no business here. */
  async #refreshToken(token: string): Promise<void> {
    try {
      await this.#options.admitted.identity.refresh(token);
    } catch (error) {
      const refusal = OrchestraError.from(error);
      this.#refuse(refusal);
      if (refusal.code === "forbidden") this.close(CLOSE_CODES.forbidden, "the token is another client's");
    }
  }

  /** False for a frame above the client's rate, which was answered; who does not stop sending them is closed. */
  #takeMessage(turnId: string | undefined): boolean {
    try {
      this.#options.takeMessage(this.principal);
      return true;
    } catch (error) {
      this.#refuse(OrchestraError.from(error), turnId);
      if (this.#rateLimitations.count()) this.close(CLOSE_CODES.rateLimited, "too many messages");
      return false;
    }
  }

  #openTurns(): V2Turns {
    if (this.#turns === undefined) {
      const { admitted, limits, socket, ...dependencies } = this.#options;
      const { identity } = admitted;
      this.#turns = new V2Turns({ ...dependencies, identity, limits, socket, send: (frame) => this.send(frame) });
    }
    return this.#turns;
  }

  /** Answers what a frame's handler throws or rejects with. */
  #run(task: () => Promise<void> | void, turnId?: string): void {
    const refuse = (thrown: unknown): void => this.#refuse(OrchestraError.from(thrown), turnId);
    try {
      task()?.catch(refuse);
    } catch (thrown) {
      refuse(thrown);
    }
  }

  /** Only frames that are wrong in themselves count towards the close; one that may be sent again does not. */
  #refuse(error: OrchestraError, turnId?: string): void {
    if (this.#state !== "open") return;
    if (error.code === "internal") this.#options.onError(error);
    this.send(toErrorFrame(error, turnId));
    if (!error.retryable && error.code !== "internal" && this.#refusals.count()) {
      this.close(CLOSE_CODES.badFrames, "too many refused frames");
    }
  }
}

function turnIdOf(frame: ClientFrame): string | undefined {
  return "turnId" in frame ? frame.turnId : undefined;
}

import {
  CLOSE_CODES,
  OrchestraError,
  type ClientFrame,
  type CloseCode,
  type ServerFrame,
} from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import type { Connection } from "../connections/connection-registry.js";
import { RefusalMeter } from "../connections/refusal-meter.js";
import type { ClientSocket } from "./client-socket.js";
import { decodeClientFrame, toErrorFrame } from "./frame-codec.js";
import { V2Turns, type V2TurnDependencies, type V2TurnLimits } from "./v2-turns.js";
import type { SocketListener } from "./websocket-route.js";

export interface ChannelLimits extends V2TurnLimits {
  readonly maxMessageBytes: number;
  readonly refusedFramesPerMinute: number;
}

export interface V2ChannelOptions extends V2TurnDependencies {
  connectionId: string;
  principal: Principal;
  socket: ClientSocket;
  limits: ChannelLimits;
  monotonicMs: () => number;
  onClosed: (channel: V2Channel) => void;
}

/** One connection that speaks protocol V2: what its frames do, and what it hears. */
export class V2Channel implements Connection, SocketListener {
  readonly id: string;
  readonly #options: V2ChannelOptions;
  readonly #turns: V2Turns;
  readonly #refusals: RefusalMeter;
  #state: "open" | "closing" | "closed" = "open";

  constructor(options: V2ChannelOptions) {
    this.id = options.connectionId;
    this.#options = options;
    const { principal, limits, socket, ...dependencies } = options;
    this.#turns = new V2Turns({ ...dependencies, principal, limits, socket, send: (frame) => this.send(frame) });
    this.#refusals = new RefusalMeter({
      limit: options.limits.refusedFramesPerMinute,
      monotonicMs: options.monotonicMs,
    });
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
    if (decoded.ok) this.#handle(decoded.frame);
    else this.#refuse(decoded.error, decoded.turnId);
  }

  binary(): void {
    this.#options.metrics.countFrameIn("refused");
    this.#refuse(new OrchestraError("invalid_request", "frames are text, not binary"));
  }

  oversized(bytes: number): void {
    this.#options.metrics.countFrameIn("refused");
    const limit = this.#options.limits.maxMessageBytes;
    this.send(toErrorFrame(new OrchestraError("too_large", `${bytes} bytes are more than the ${limit} of a message`)));
    this.close(CLOSE_CODES.messageTooLarge, "message too large");
  }

  tooSlow(): void {
    this.close(CLOSE_CODES.slowConsumer, "slow consumer");
  }

  drained(): void {
    void this.#turns.catchUpBehind();
  }

  closed(code: number): void {
    const clientLeft = this.#state === "open";
    this.#state = "closed";
    this.#options.metrics.countClose(code);
    this.#turns.leaveAll({ clientLeft });
    this.#options.onClosed(this);
  }

  #handle(frame: ClientFrame): void {
    switch (frame.type) {
      case "turn.start":
        this.#run(() => this.#turns.start(frame), frame.turnId);
        return;
      case "turn.resume":
        this.#run(() => this.#turns.resume(frame), frame.turnId);
        return;
      case "turn.cancel":
        this.#run(() => this.#turns.cancel(frame.turnId, frame.sessionId), frame.turnId);
        return;
      case "session.attach":
        this.#run(() => this.#turns.attach(frame.sessionId));
        return;
      case "session.detach":
        this.#turns.detach(frame.sessionId);
        return;
      case "ping":
        this.send({ type: "pong", nonce: frame.nonce });
        return;
      case "auth.refresh":
        // The token is looked at where tokens are; without authentication every one is as good.
        return;
    }
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

import { CLOSE_CODES, OrchestraError, type CloseCode } from "@ai-orchestra/contracts";
import type { Principal } from "../../auth/principal.js";
import type { AdmittedConnection } from "../../connections/connection-admission.js";
import type { Connection } from "../../connections/connection-registry.js";
import type { TakeMessage } from "../../connections/message-limit.js";
import { RefusalMeter } from "../../connections/refusal-meter.js";
import type { ClientSocket } from "../client-socket.js";
import type { ChannelLimits } from "../v2-channel.js";
import type { SocketListener } from "../websocket-route.js";
import type { V1Frame } from "./v1-answer.js";
import { toV1ErrorFrame } from "./v1-error-frame.js";
import { decodeV1Frame, type CorrelationId, type V1Action } from "./v1-frame-codec.js";
import { V1Turns, type V1TurnDependencies } from "./v1-turns.js";

export interface V1ChannelOptions extends V1TurnDependencies {
  admitted: AdmittedConnection;
  clientName: string;
  sessionId: string;
  socket: ClientSocket;
  limits: Omit<ChannelLimits, "maxAttachedSessions">;
  takeMessage: TakeMessage;
  monotonicMs: () => number;
  onClosed: (channel: V1Channel) => void;
}

/** One connection that speaks protocol V1. */
export class V1Channel implements Connection, SocketListener {
  readonly id: string;
  readonly #options: V1ChannelOptions;
  readonly #turns: V1Turns;
  readonly #refusals: RefusalMeter;
  readonly #rateLimitations: RefusalMeter;
  #activeAtMs: number;
  #state: "open" | "closing" | "closed" = "open";

  constructor(options: V1ChannelOptions) {
    const { admitted, limits, monotonicMs } = options;
    this.id = admitted.connectionId;
    this.#options = options;
    this.#activeAtMs = monotonicMs();
    this.#turns = new V1Turns({
      ...options,
      identity: admitted.identity,
      maxTurnsInFlight: limits.maxTurnsInFlight,
      send: (frame) => this.send(frame),
    });
    this.#refusals = new RefusalMeter({ limit: limits.refusedFramesPerMinute, monotonicMs });
    this.#rateLimitations = new RefusalMeter({ limit: limits.rateLimitedFramesPerMinute, monotonicMs });
  }

  get principal(): Principal {
    return this.#options.admitted.identity.principal;
  }

  get retireAtMs(): number {
    return this.#options.admitted.retireAtMs;
  }

  get activeAtMs(): number {
    if (this.#turns.size > 0) this.#activeAtMs = this.#options.monotonicMs();
    return this.#activeAtMs;
  }

  get bufferedBytes(): number {
    return this.#options.socket.bufferedBytes;
  }

  get congestedSinceMs(): number | undefined {
    return this.#options.socket.congestedSinceMs;
  }

  send(frame: V1Frame): boolean {
    const timestamp = new Date(this.#options.now()).toISOString();
    return this.#options.socket.send(JSON.stringify({ ...frame, timestamp }));
  }

  announceDrain(reconnectAfterMs: number): void {
    this.send({ type: "status", data: { status: "draining", reconnect_after_ms: reconnectAfterMs } });
  }

  close(code: CloseCode, reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#options.socket.close(code, reason);
  }

  text(message: string): void {
    if (this.#state !== "open") return;
    const decoded = decodeV1Frame(message);
    this.#options.metrics.countFrameIn(decoded.ok ? `v1.${decoded.action.kind}` : "refused");
    this.#activeAtMs = this.#options.monotonicMs();
    if (!this.#takeMessage(decoded.correlationId)) return;
    if (decoded.ok) this.#handle(decoded.action, decoded.correlationId);
    else this.#refuse(decoded.error, decoded.correlationId);
  }

  binary(): void {
    this.#options.metrics.countFrameIn("refused");
    if (!this.#takeMessage(undefined)) return;
    this.#refuse(new OrchestraError("invalid_request", "frames are text, not binary"), undefined);
  }

  oversized(bytes: number): void {
    const { metrics, limits } = this.#options;
    metrics.countFrameIn("refused");
    metrics.countLimit("message_bytes");
    const message = `${bytes} bytes are more than the ${limits.maxMessageBytes} of a message`;
    this.send(toV1ErrorFrame(new OrchestraError("too_large", message)));
    this.close(CLOSE_CODES.messageTooLarge, "message too large");
  }

  tooSlow(): void {
    this.close(CLOSE_CODES.slowConsumer, "slow consumer");
  }

  drained(): void {
    void this.#turns.catchUpBehind(() => this.congestedSinceMs !== undefined);
  }

  closed(code: number): void {
    this.#state = "closed";
    this.#options.metrics.countClose(code);
    this.#turns.leaveAll();
    this.#options.onClosed(this);
  }

  #handle(action: V1Action, correlationId: CorrelationId): void {
    const refuse = (thrown: unknown): void => this.#refuse(OrchestraError.from(thrown), correlationId);
    switch (action.kind) {
      case "ping":
        this.send({ type: "pong", correlation_id: correlationId });
        return;
      case "cancel":
        this.send({ type: "status", correlation_id: correlationId, data: { status: "cancelling" } });
        this.#turns.cancelAll().catch(refuse);
        return;
      case "chat":
        this.#turns.start({ ...action, correlationId }).catch(refuse);
    }
  }

  /** False for a frame above the client's rate, which was answered; who does not stop sending them is closed. */
  #takeMessage(correlationId: CorrelationId): boolean {
    try {
      this.#options.takeMessage(this.principal);
      return true;
    } catch (error) {
      this.#refuse(OrchestraError.from(error), correlationId);
      if (this.#rateLimitations.count()) this.close(CLOSE_CODES.rateLimited, "too many messages");
      return false;
    }
  }

  #refuse(error: OrchestraError, correlationId: CorrelationId): void {
    if (this.#state !== "open") return;
    if (error.code === "internal") this.#options.onError(error);
    this.send(toV1ErrorFrame(error, correlationId));
    if (!error.retryable && error.code !== "internal" && this.#refusals.count()) {
      this.close(CLOSE_CODES.badFrames, "too many refused frames");
    }
  }
}

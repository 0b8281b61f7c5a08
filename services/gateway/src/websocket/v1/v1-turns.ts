import { ROOT_CONTEXT } from "@opentelemetry/api";
import { OrchestraError } from "@ai-orchestra/contracts";
import type { ConnectionIdentity } from "../../connections/connection-identity.js";
import type { GatewayMetrics } from "../../gateway-metrics.js";
import type { CancelTurn } from "../../turns/cancel-turn.js";
import type { SubmitTurn } from "../../turns/submit-turn.js";
import type { TurnViewer, ViewerEnd } from "../../turns/turn-viewer.js";
import type { TurnViewers } from "../../turns/turn-viewers.js";
import { orderOfV1Chat } from "../../versions/v1-order.js";
import { V1Answer, type SendV1 } from "./v1-answer.js";
import { toV1ErrorFrame } from "./v1-error-frame.js";
import type { CorrelationId } from "./v1-frame-codec.js";

export interface V1TurnDependencies {
  submitTurn: SubmitTurn;
  cancelTurn: CancelTurn;
  viewers: TurnViewers;
  metrics: GatewayMetrics;
  now: () => number;
  /** Hears of errors that no frame can answer, such as a cancel after the client went away. */
  onError: (error: unknown) => void;
}

export interface V1TurnsOptions extends V1TurnDependencies {
  identity: ConnectionIdentity;
  /** As the path of the connection names them. */
  clientName: string;
  sessionId: string;
  maxTurnsInFlight: number;
  send: SendV1;
}

export interface V1ChatInput {
  readonly text: string;
  readonly attachments: Readonly<Record<string, unknown>>;
  readonly correlationId: CorrelationId;
}

/** The turns of one V1 connection, all of one session, one after the other. They are cancelled when the client leaves. */
export class V1Turns {
  readonly #options: V1TurnsOptions;
  readonly #viewers = new Map<string, TurnViewer>();

  constructor(options: V1TurnsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#viewers.size;
  }

  /** Rejects when the turn cannot be taken. */
  async start({ text, attachments, correlationId }: V1ChatInput): Promise<void> {
    const { submitTurn, identity, clientName, sessionId, metrics, send, now } = this.#options;
    this.#assertTurnFits();
    const order = orderOfV1Chat({ text, sessionId, clientName, attachments });
    const answer = new V1Answer({ send, now, correlationId });
    const { viewer, accepted } = submitTurn({
      principal: identity.principal,
      order,
      protocol: "v1",
      clientName,
      afterTurnId: [...this.#viewers.keys()].at(-1),
      traceContext: ROOT_CONTEXT,
      deliver: (frame) => answer.take(frame),
      onEnd: (end) => this.#ended(order.turnId, end, correlationId),
    });
    this.#viewers.set(order.turnId, viewer);
    await accepted;
    metrics.countTurnAccepted("websocket");
    send({ type: "status", correlation_id: correlationId, data: { status: "accepted", turn_id: order.turnId } });
    viewer.release();
  }

  /** Cancels every turn that runs; each says so itself. */
  async cancelAll(): Promise<void> {
    await Promise.all([...this.#viewers.values()].map(({ key }) => this.#options.cancelTurn(key)));
  }

  /** One turn after the other, and no further than the client takes it. */
  async catchUpBehind(isBehind: () => boolean): Promise<void> {
    for (const viewer of this.#viewers.values()) {
      if (isBehind()) return;
      if (viewer.state === "behind") await this.#options.viewers.ask(viewer, "drained");
    }
  }

  /** Watches nothing any more and cancels what runs: V1 cannot resume, nobody would ever read the answers. */
  leaveAll(): void {
    for (const viewer of this.#viewers.values()) {
      viewer.leave();
      this.#options.cancelTurn(viewer.key).catch(this.#options.onError);
    }
  }

  #ended(turnId: string, end: ViewerEnd, correlationId: CorrelationId): void {
    this.#viewers.delete(turnId);
    this.#options.metrics.countTurnEnded(end);
    if (end.kind === "lost") this.#options.send(toV1ErrorFrame(end.error, correlationId));
  }

  #assertTurnFits(): void {
    const { maxTurnsInFlight, metrics } = this.#options;
    if (this.#viewers.size < maxTurnsInFlight) return;
    metrics.countLimit("turns_in_flight");
    throw new OrchestraError("rate_limited", `at most ${maxTurnsInFlight} turns may be in flight on a connection`, {
      retryAfterMs: 1_000,
    });
  }
}

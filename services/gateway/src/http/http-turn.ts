import { context } from "@opentelemetry/api";
import type { Protocol } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import type { GatewayMetrics } from "../gateway-metrics.js";
import type { TurnOrder } from "../turns/build-turn-request.js";
import type { CancelTurn } from "../turns/cancel-turn.js";
import type { SubmitTurn } from "../turns/submit-turn.js";
import type { DeliverFrame, TurnViewer, ViewerEnd } from "../turns/turn-viewer.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import type { HttpExchange } from "./http-exchange.js";

export interface HttpTurnRequest {
  readonly exchange: HttpExchange;
  readonly principal: Principal;
  readonly order: TurnOrder;
  readonly protocol: Protocol;
  /** The client within the principal, where its protocol names one. */
  readonly clientName?: string | undefined;
  readonly deliver: DeliverFrame;
}

/** A turn that an HTTP request started and waits for. */
export interface HttpTurn {
  readonly sessionId: string;
  /** Holds until it is released, after `accepted`. */
  readonly viewer: TurnViewer;
  /** Rejects when the turn was not taken. */
  readonly accepted: Promise<{ duplicate: boolean }>;
  /** Never rejects. */
  readonly ended: Promise<ViewerEnd>;
  /** Name the turn in the answer. */
  readonly headers: Readonly<Record<string, string>>;
}

export type StartHttpTurn = (request: HttpTurnRequest) => HttpTurn;

/**
 * Starts turns for HTTP requests: a client that goes away cancels its turn, unless the options say `continue` or somebody
 * else watches it here, such as the same client that tries again.
 */
export function createStartHttpTurn({
  submitTurn,
  cancelTurn,
  viewers,
  metrics,
  onError,
}: {
  submitTurn: SubmitTurn;
  cancelTurn: CancelTurn;
  viewers: Pick<TurnViewers, "isWatchedByOthers">;
  metrics: GatewayMetrics;
  /** Hears when the cancel for a client that went away could not be sent. */
  onError: (error: unknown) => void;
}): StartHttpTurn {
  return ({ exchange, principal, order, protocol, clientName, deliver }) => {
    let resolveEnd: (end: ViewerEnd) => void;
    const ended = new Promise<ViewerEnd>((resolve) => {
      resolveEnd = resolve;
    });
    const { viewer, sessionId, accepted } = submitTurn({
      principal,
      order,
      protocol,
      clientName,
      traceContext: context.active(),
      deliver,
      onEnd: (end) => {
        metrics.countTurnEnded(end);
        resolveEnd(end);
      },
    });
    exchange.onClientGone(() => {
      viewer.leave();
      if (order.options?.onDisconnect === "continue" || viewers.isWatchedByOthers(viewer)) return;
      cancelTurn(viewer.key).catch(onError);
    });
    return {
      sessionId,
      viewer,
      accepted: countAccepted(accepted),
      ended,
      headers: { "x-orchestra-turn-id": order.turnId, "x-orchestra-session-id": sessionId },
    };
  };

  async function countAccepted<T>(accepted: Promise<T>): Promise<T> {
    const result = await accepted;
    metrics.countTurnAccepted("http");
    return result;
  }
}

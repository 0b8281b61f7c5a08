import { context } from "@opentelemetry/api";
import { chatRequestV2Schema, OrchestraError, type TerminalFrame } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import type { GatewayMetrics } from "../gateway-metrics.js";
import type { TurnOrder } from "../turns/build-turn-request.js";
import type { CancelTurn } from "../turns/cancel-turn.js";
import type { SubmitTurn } from "../turns/submit-turn.js";
import { createTurnId } from "../turns/turn-ids.js";
import type { ViewerEnd } from "../turns/turn-viewer.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import { toErrorFrame } from "../websocket/frame-codec.js";
import { errorAnswer, jsonAnswer } from "./http-answers.js";
import type { HttpAnswer, HttpExchange } from "./http-exchange.js";
import { readJsonBody } from "./read-request.js";
import type { HttpRoute } from "./router.js";
import { SseStream } from "./sse-stream.js";

export interface ChatV2Dependencies {
  submitTurn: SubmitTurn;
  cancelTurn: CancelTurn;
  viewers: TurnViewers;
  metrics: GatewayMetrics;
  /** Hears when the cancel for a client that went away could not be sent. */
  onError: (error: unknown) => void;
}

/**
 * `POST /v2/chat`. As JSON it answers the `turn.completed` frame, or the error of the turn; with
 * `Accept: text/event-stream` the frames as they come. A client that goes away cancels its turn, unless the options
 * say `onDisconnect: continue`.
 */
export function createChatV2Routes(dependencies: ChatV2Dependencies): HttpRoute[] {
  return [
    {
      method: "POST",
      path: "/v2/chat",
      access: "private",
      handle: async (exchange, principal) => {
        const body = await readJsonBody(exchange, chatRequestV2Schema);
        await runTurn(dependencies, exchange, principal, { ...body, turnId: body.turnId ?? createTurnId() });
      },
    },
  ];
}

async function runTurn(
  { submitTurn, cancelTurn, viewers, metrics, onError }: ChatV2Dependencies,
  exchange: HttpExchange,
  principal: Principal,
  order: TurnOrder,
): Promise<void> {
  let events: SseStream | undefined;
  let resolveEnd: (end: ViewerEnd) => void;
  const ended = new Promise<ViewerEnd>((resolve) => {
    resolveEnd = resolve;
  });
  const { viewer, sessionId, accepted } = submitTurn({
    principal,
    order,
    traceContext: context.active(),
    deliver: (frame, payload) => events?.send(frame, payload) ?? true,
    onEnd: (end) => {
      metrics.countTurnEnded(end);
      resolveEnd(end);
    },
  });
  exchange.onClientGone(() => {
    viewer.leave();
    if (order.options?.onDisconnect !== "continue") cancelTurn(viewer.key).catch(onError);
  });
  const { duplicate } = await accepted;
  metrics.countTurnAccepted("http");
  const { turnId } = order;
  const headers = { "x-orchestra-turn-id": turnId, "x-orchestra-session-id": sessionId };
  if (exchange.head.headers.get("accept")?.includes("text/event-stream") === true) {
    events = new SseStream({ exchange, headers, onDrained: () => void viewers.ask(viewer, "drained") });
    events.send({ type: "turn.accepted", turnId, sessionId, duplicate: duplicate ? true : undefined });
  }
  viewer.release();
  if (duplicate) await viewers.ask(viewer, "duplicate");

  const end = await ended;
  if (events !== undefined) {
    if (end.kind === "lost") events.send(toErrorFrame(end.error, turnId));
    events.end();
  } else if (end.kind === "lost") {
    throw end.error;
  } else if (end.kind === "terminal") {
    const answer = terminalAnswer(end.frame, exchange.requestId);
    exchange.respond({ ...answer, headers: { ...answer.headers, ...headers } });
  }
}

function terminalAnswer(frame: TerminalFrame, requestId: string): HttpAnswer {
  switch (frame.type) {
    case "turn.completed":
      return jsonAnswer(200, frame);
    case "turn.failed":
      return errorAnswer(frame, requestId);
    case "turn.cancelled":
      return errorAnswer(new OrchestraError("cancelled", "the turn was cancelled").toEnvelope(), requestId);
  }
}

import { OrchestraError, turnQuerySchema } from "@ai-orchestra/contracts";
import type { GatewayMetrics } from "../gateway-metrics.js";
import type { CancelTurn } from "../turns/cancel-turn.js";
import { deriveSessionId } from "../turns/turn-ids.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import { toErrorFrame } from "../websocket/frame-codec.js";
import { jsonAnswer } from "./http-answers.js";
import { readId, readQuery } from "./read-request.js";
import type { HttpRoute } from "./router.js";
import { SSE_PING, SseStream } from "./sse-stream.js";

const EVENT_ID_PATTERN = /^(\d{1,9})\.(\d{1,9})$/;

/** `GET /v2/turns/{id}/events`, the SSE way to resume, and `POST /v2/turns/{id}/cancel`. */
export function createTurnRoutes({
  viewers,
  cancelTurn,
  metrics,
}: {
  viewers: TurnViewers;
  cancelTurn: CancelTurn;
  metrics: GatewayMetrics;
}): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/v2/turns/:turnId/events",
      access: "private",
      handle: async (exchange, { owner }, parameters) => {
        const turnId = readId(parameters.turnId, "the turn id");
        const { sessionId = deriveSessionId(turnId) } = readQuery(exchange, turnQuerySchema);
        const start = parseEventId(exchange.head.headers.get("last-event-id"));
        const events = new SseStream({
          exchange,
          headers: {},
          opening: SSE_PING,
          onDrained: () => void viewers.ask(viewer, "drained"),
        });
        const viewer = viewers.open({
          key: { owner, sessionId, turnId },
          start,
          deliver: (frame, payload) => events.send(frame, payload),
          onEnd: (end) => {
            metrics.countTurnEnded(end);
            if (end.kind === "lost") events.send(toErrorFrame(end.error, turnId));
            events.end();
          },
        });
        exchange.onDone(() => viewer.leave());
        viewer.release();
        await viewers.ask(viewer, "resume");
      },
    },
    {
      method: "POST",
      path: "/v2/turns/:turnId/cancel",
      access: "private",
      handle: async (exchange, { owner }, parameters) => {
        const turnId = readId(parameters.turnId, "the turn id");
        const { sessionId = deriveSessionId(turnId) } = readQuery(exchange, turnQuerySchema);
        await cancelTurn({ owner, sessionId, turnId });
        exchange.respond(jsonAnswer(202, { turnId, sessionId }));
      },
    },
  ];
}

function parseEventId(header: string | undefined): { attempt: number; position: number } | undefined {
  if (header === undefined || header === "") return undefined;
  const match = EVENT_ID_PATTERN.exec(header);
  if (match === null) throw new OrchestraError("invalid_request", "last-event-id is not <attempt>.<to>");
  return { attempt: Number(match[1]), position: Number(match[2]) };
}

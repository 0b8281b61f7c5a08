import { turnQuerySchema } from "@ai-orchestra/contracts";
import type { ApiRoute } from "../api-route.js";
import { SERVER_FRAME_EXAMPLES } from "../examples/turn-examples.js";

const parameters = { turnId: { description: "The turn's id.", kind: "id" } } as const;

export const TURN_ROUTES: readonly ApiRoute[] = [
  {
    method: "GET",
    path: "/v2/turns/:turnId/events",
    operationId: "watchTurn",
    tag: "turns",
    summary: "Watch a turn",
    description:
      "The turn's frames as server-sent events, from the beginning or from `Last-Event-ID`, without gap or repeat; while the turn runs as well as after it. A turn of which nothing is found ends the stream with an `error` frame.",
    access: "private",
    parameters,
    query: turnQuerySchema,
    headers: { "last-event-id": "`<attempt>.<to>` of the last event that was seen; browsers send it by themselves." },
    answers: [
      {
        status: 200,
        description: "The stream; its events have the ids `<attempt>.<to>`.",
        contents: [
          {
            type: "text/event-stream",
            schemas: [
              "TurnStarted",
              "TurnDelta",
              "TurnStatus",
              "TurnTool",
              "TurnCompleted",
              "TurnFailed",
              "TurnCancelled",
              "Error",
            ],
            example: [SERVER_FRAME_EXAMPLES["turn.delta"], SERVER_FRAME_EXAMPLES["turn.completed"]],
          },
        ],
      },
    ],
    errors: ["invalid_request"],
  },
  {
    method: "POST",
    path: "/v2/turns/:turnId/cancel",
    operationId: "cancelTurn",
    tag: "turns",
    summary: "Cancel a turn",
    description: "How the turn ended is shown to who watches it; one that ended before stays as it is.",
    access: "private",
    parameters,
    query: turnQuerySchema,
    answers: [
      {
        status: 202,
        description: "The cancel is on its way.",
        contents: [
          {
            type: "application/json",
            schemas: ["TurnName"],
            example: { turnId: "turn-1", sessionId: "session-1" },
          },
        ],
      },
    ],
    errors: ["invalid_request", "unavailable", "timeout"],
  },
];

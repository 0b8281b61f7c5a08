import type { ApiRoute } from "../api-route.js";
import { CHAT_REQUEST_EXAMPLE, SERVER_FRAME_EXAMPLES } from "../examples/turn-examples.js";
import { CHAT_RESPONSE_V2_EXAMPLE } from "../examples/v1-examples.js";
import { TURN_FAILURES, TURN_HEADERS } from "./turn-answers.js";

export const CHAT_ROUTES: readonly ApiRoute[] = [
  {
    method: "POST",
    path: "/v2/chat",
    operationId: "chat",
    tag: "chat",
    summary: "Run a turn",
    description:
      "Answers the `turn.completed` frame, or the error of the turn. With `Accept: text/event-stream` it answers 200 and the frames of protocol V2 as they come, `turn.accepted` first and one of `turn.completed`, `turn.failed`, `turn.cancelled` last. The same turn id again does not run again: it is answered from the first run. A client that goes away cancels its turn, unless `options.onDisconnect` is `continue`. A body in V1's style of names is accepted too and answered as `ChatResponseV2`.",
    access: "private",
    headers: { accept: "`text/event-stream` for a stream.", traceparent: "W3C trace context to continue." },
    body: { schemas: ["ChatRequestV2", "SnakeChatRequestV2"], example: CHAT_REQUEST_EXAMPLE },
    answers: [
      {
        status: 200,
        description: "The turn completed, or its stream begins.",
        headers: TURN_HEADERS,
        contents: [
          {
            type: "application/json",
            schemas: ["TurnCompleted", "ChatResponseV2"],
            example: SERVER_FRAME_EXAMPLES["turn.completed"],
          },
          {
            type: "text/event-stream",
            schemas: [
              "TurnAccepted",
              "TurnStarted",
              "TurnDelta",
              "TurnStatus",
              "TurnTool",
              "TurnCompleted",
              "TurnFailed",
              "TurnCancelled",
              "Error",
            ],
            example: [
              SERVER_FRAME_EXAMPLES["turn.accepted"],
              SERVER_FRAME_EXAMPLES["turn.started"],
              SERVER_FRAME_EXAMPLES["turn.delta"],
            ],
          },
        ],
      },
    ],
    errors: ["conflict", ...TURN_FAILURES],
  },
  {
    method: "POST",
    path: "/api/chat",
    operationId: "chatInEitherVersion",
    tag: "chat",
    summary: "Run a turn, in V1 or V2",
    description:
      "The version is what the `API-Version` header says; else `api_version` in query or body, the user agent (`ai-orchestra-sdk/1.` or `/2.`), fields that only V2 has, V1's old field names; else V2. It is then the same as `POST /v1/chat` or `POST /v2/chat`.",
    access: "private",
    headers: { "api-version": "`1` or `2`.", accept: "V2 only: `text/event-stream` for a stream." },
    body: { schemas: ["ChatRequestV2", "SnakeChatRequestV2", "ChatRequestV1"], example: CHAT_REQUEST_EXAMPLE },
    answers: [
      {
        status: 200,
        description: "The turn completed.",
        headers: TURN_HEADERS,
        contents: [
          {
            type: "application/json",
            schemas: ["TurnCompleted", "ChatResponseV2", "ChatResponseV1"],
            example: CHAT_RESPONSE_V2_EXAMPLE,
          },
        ],
      },
    ],
    errors: ["conflict", ...TURN_FAILURES],
  },
];

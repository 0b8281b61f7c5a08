import type { ApiRoute } from "../api-route.js";
import { CHAT_REQUEST_V1_EXAMPLE, CHAT_RESPONSE_V1_EXAMPLE } from "../examples/v1-examples.js";
import { TURN_FAILURES, TURN_HEADERS } from "./turn-answers.js";

export const V1_ROUTES: readonly ApiRoute[] = [
  {
    method: "POST",
    path: "/v1/chat",
    operationId: "chatV1",
    tag: "v1",
    deprecated: true,
    summary: "Run a turn, in V1",
    description:
      "Runs with the mode `balanced`, without agents and memory. The older names `text`, `sessionId` and `userContext` are accepted. An error has `success: false` beside the usual body. A client that goes away cancels its turn.",
    access: "private",
    body: { schemas: ["ChatRequestV1"], example: CHAT_REQUEST_V1_EXAMPLE },
    answers: [
      {
        status: 200,
        description: "The turn completed.",
        headers: {
          ...TURN_HEADERS,
          deprecation: "Since when V1 is deprecated (RFC 9745).",
          sunset: "When V1 is to go (RFC 8594).",
        },
        contents: [{ type: "application/json", schemas: ["ChatResponseV1"], example: CHAT_RESPONSE_V1_EXAMPLE }],
      },
    ],
    errors: TURN_FAILURES,
  },
];

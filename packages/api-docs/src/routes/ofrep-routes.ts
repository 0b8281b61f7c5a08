import type { ApiAnswer, ApiRoute } from "../api-route.js";
import type { ComponentName } from "../components.js";
import { OFREP_SUCCESS_EXAMPLE } from "../examples/flag-examples.js";

const route = { tag: "flags", access: "private", scope: "flags:read", errorSchema: "OfrepBulkFailure" } as const;
const body = {
  schemas: ["OfrepRequest"],
  example: { context: { targetingKey: "user-1", plan: "pro" } },
} as const;

function answer(status: number, description: string, schema: ComponentName, example: unknown): ApiAnswer {
  return { status, description, contents: [{ type: "application/json", schemas: [schema], example }] };
}

/** The OpenFeature Remote Evaluation Protocol 0.3, so that any OpenFeature SDK can ask. */
export const OFREP_ROUTES: readonly ApiRoute[] = [
  {
    ...route,
    method: "POST",
    path: "/ofrep/v1/evaluate/flags/:key",
    operationId: "evaluateFlag",
    summary: "Evaluate a flag for a context",
    parameters: { key: { description: "The flag's key.", kind: "text" } },
    body,
    answers: [
      answer(
        200,
        "Its value; `DISABLED` with the off value where it is off for everybody.",
        "OfrepSuccess",
        OFREP_SUCCESS_EXAMPLE,
      ),
      answer(400, "The context cannot be used.", "OfrepFailure", {
        key: "new-checkout",
        errorCode: "TARGETING_KEY_MISSING",
        errorDetails: "new-checkout is for a share of the users: the context needs a targetingKey",
      }),
      answer(404, "There is no such flag.", "OfrepFailure", {
        key: "nothing",
        errorCode: "FLAG_NOT_FOUND",
        errorDetails: "there is no flag nothing",
      }),
    ],
    errors: [],
  },
  {
    ...route,
    method: "POST",
    path: "/ofrep/v1/evaluate/flags",
    operationId: "evaluateFlags",
    summary: "Evaluate all flags for a context",
    headers: { "if-none-match": "ETag of an earlier answer; the same answer comes as 304." },
    body,
    answers: [
      {
        ...answer(200, "What each one came to.", "OfrepBulk", {
          flags: [OFREP_SUCCESS_EXAMPLE],
          eventStreams: [{ type: "sse", endpoint: { requestUri: "/ofrep/v1/events" }, inactivityDelaySec: 120 }],
          metadata: { revision: 12 },
        }),
        headers: { etag: "Changes with what the flags came to." },
      },
      { status: 304, description: "Nothing changed." },
      answer(400, "The context cannot be used.", "OfrepBulkFailure", {
        errorCode: "INVALID_CONTEXT",
        errorDetails: "context: Invalid input",
      }),
    ],
    errors: [],
  },
  {
    ...route,
    method: "GET",
    path: "/ofrep/v1/events",
    operationId: "followFlags",
    summary: "Be told when flags change",
    answers: [
      {
        status: 200,
        description: "An event for each change, several within 20 ms as one: evaluate again.",
        contents: [
          {
            type: "text/event-stream",
            schemas: ["OfrepEvent"],
            example: [{ type: "refetchEvaluation", etag: "13" }],
          },
        ],
      },
    ],
    errors: ["overloaded"],
    errorSchema: "ErrorBody",
  },
];

import { messagesQuerySchema, sessionsQuerySchema } from "@ai-orchestra/contracts";
import type { ApiRoute } from "../api-route.js";

const parameters = { sessionId: { description: "The session's id.", kind: "id" } } as const;
const createdAt = "2026-01-15T09:30:00.000Z";
const session = {
  sessionId: "session-1",
  createdAt,
  updatedAt: "2026-01-15T09:31:12.000Z",
  turns: 2,
  messages: 4,
  bytes: 612,
};

export const SESSION_ROUTES: readonly ApiRoute[] = [
  {
    method: "GET",
    path: "/v2/sessions",
    operationId: "listSessions",
    tag: "sessions",
    summary: "List sessions",
    description: "The caller's own, the last used first.",
    access: "private",
    query: sessionsQuerySchema,
    answers: [
      {
        status: 200,
        description: "A page of sessions.",
        contents: [{ type: "application/json", schemas: ["SessionPage"], example: { items: [session] } }],
      },
    ],
    errors: ["invalid_request", "unavailable", "timeout"],
  },
  {
    method: "GET",
    path: "/v2/sessions/:sessionId",
    operationId: "getSession",
    tag: "sessions",
    summary: "Read a session",
    access: "private",
    parameters,
    answers: [
      {
        status: 200,
        description: "The session.",
        contents: [{ type: "application/json", schemas: ["SessionSummary"], example: session }],
      },
    ],
    errors: ["invalid_request", "not_found", "unavailable", "timeout"],
  },
  {
    method: "DELETE",
    path: "/v2/sessions/:sessionId",
    operationId: "deleteSession",
    tag: "sessions",
    summary: "Delete a session",
    description: "With everything that is remembered of it.",
    access: "private",
    parameters,
    answers: [{ status: 204, description: "It is gone." }],
    errors: ["invalid_request", "not_found", "unavailable", "timeout"],
  },
  {
    method: "GET",
    path: "/v2/sessions/:sessionId/messages",
    operationId: "listMessages",
    tag: "sessions",
    summary: "Read a session's messages",
    description: "Oldest first.",
    access: "private",
    parameters,
    query: messagesQuerySchema,
    answers: [
      {
        status: 200,
        description: "A page of messages.",
        contents: [
          {
            type: "application/json",
            schemas: ["SessionMessagePage"],
            example: {
              items: [
                { turnId: "turn-1", role: "user", text: "Why is the sky blue?", status: "completed", createdAt },
                {
                  turnId: "turn-1",
                  role: "assistant",
                  text: "Sunlight is scattered by the air.",
                  status: "completed",
                  model: "openai/gpt-4.1-mini",
                  createdAt,
                },
              ],
            },
          },
        ],
      },
    ],
    errors: ["invalid_request", "not_found", "unavailable", "timeout"],
  },
];

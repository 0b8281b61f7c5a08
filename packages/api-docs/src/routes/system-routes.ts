import type { ApiRoute } from "../api-route.js";

const probe = { tag: "system", access: "public" } as const;

const document = (path: string, operationId: string, summary: string): ApiRoute => ({
  ...probe,
  method: "GET",
  path,
  operationId,
  summary,
  answers: [
    {
      status: 200,
      description: "The document.",
      contents: [{ type: "application/json", schemas: [] }],
    },
  ],
  errors: [],
});

export const SYSTEM_ROUTES: readonly ApiRoute[] = [
  {
    ...probe,
    method: "GET",
    path: "/health",
    operationId: "getHealth",
    summary: "Health of all services",
    answers: [200, 503].map((status) => ({
      status,
      description: status === 200 ? "Turns can run." : "No turn can run.",
      contents: [
        {
          type: "application/json",
          schemas: ["HealthReport"],
          example: {
            status: status === 200 ? "ok" : "down",
            checkedAt: "2026-01-15T09:30:00.000Z",
            services:
              status === 200
                ? {
                    gateway: {
                      status: "ok",
                      instances: [
                        {
                          instance: "gateway-1",
                          version: "0.1.0",
                          status: "ready",
                          lastSeenAt: "2026-01-15T09:29:59.800Z",
                          dependencies: {},
                        },
                      ],
                    },
                  }
                : { orchestrator: { status: "down", instances: [] } },
            level: status === 200 ? "normal" : "maintenance",
            off: [],
          },
        },
      ],
    })),
    errors: [],
  },
  {
    ...probe,
    method: "GET",
    path: "/livez",
    operationId: "probeLife",
    summary: "Whether this process is alive",
    answers: [
      {
        status: 200,
        description: "It is.",
        contents: [{ type: "application/json", schemas: ["ProbeAnswer"], example: { status: "ok" } }],
      },
    ],
    errors: [],
  },
  {
    ...probe,
    method: "GET",
    path: "/readyz",
    operationId: "probeReadiness",
    summary: "Whether this process takes clients",
    answers: [200, 503].map((status) => ({
      status,
      description: status === 200 ? "It does." : "It is draining, or has no bus.",
      contents: [
        {
          type: "application/json",
          schemas: ["ProbeAnswer"],
          example: { status: status === 200 ? "ready" : "unready" },
        },
      ],
    })),
    errors: [],
  },
  document("/openapi.json", "getOpenApi", "The HTTP routes as OpenAPI 3.1"),
  document("/asyncapi.json", "getAsyncApi", "The WebSocket channels as AsyncAPI 3.0"),
  {
    ...probe,
    method: "GET",
    path: "/docs",
    operationId: "readDocs",
    summary: "This page",
    answers: [{ status: 200, description: "The page.", contents: [{ type: "text/html", schemas: [] }] }],
    errors: [],
  },
];

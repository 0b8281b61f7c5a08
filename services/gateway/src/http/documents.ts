import { createAsyncApiDocument, createDocsPage, createOpenApiDocument } from "@ai-orchestra/api-docs";
import type { HttpAnswer } from "./http-exchange.js";
import { jsonAnswer, statusLine } from "./http-answers.js";
import type { HttpRoute } from "./router.js";

/** `GET /openapi.json`, `/asyncapi.json` and `/docs`, for everybody. They are made when they are first asked for. */
export function createDocumentRoutes({ version }: { version: string }): HttpRoute[] {
  const openApi = once(() => createOpenApiDocument({ version }));
  const asyncApi = once(() => createAsyncApiDocument({ version }));
  const answers: Record<string, () => HttpAnswer> = {
    "/openapi.json": once(() => withHeaders(jsonAnswer(200, openApi()))),
    "/asyncapi.json": once(() => withHeaders(jsonAnswer(200, asyncApi()))),
    "/docs": once(() => {
      const { html, contentSecurityPolicy } = createDocsPage(openApi(), asyncApi());
      return withHeaders({
        status: statusLine(200),
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": contentSecurityPolicy,
          "referrer-policy": "no-referrer",
        },
        body: html,
      });
    }),
  };
  return Object.entries(answers).map(([path, answer]) => ({
    method: "GET",
    path,
    access: "public",
    handle: (exchange) => exchange.respond(answer()),
  }));
}

/** A new version of the server brings new documents under the old paths. */
function withHeaders(answer: HttpAnswer): HttpAnswer {
  return {
    ...answer,
    headers: { ...answer.headers, "cache-control": "no-cache", "x-content-type-options": "nosniff" },
  };
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

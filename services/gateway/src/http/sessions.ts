import type { Bus } from "@ai-orchestra/bus";
import {
  memorySessionsDelete,
  memorySessionsGet,
  memorySessionsList,
  memorySessionsMessages,
  messagesQuerySchema,
  OrchestraError,
  sessionsQuerySchema,
} from "@ai-orchestra/contracts";
import { jsonAnswer, statusLine } from "./http-answers.js";
import { readId, readQuery } from "./read-request.js";
import type { HttpRoute } from "./router.js";

/** The caller's own sessions, as the memory service has them; another's session is `not_found`. */
export function createSessionRoutes({ bus }: { bus: Pick<Bus, "call"> }): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/v2/sessions",
      access: "private",
      handle: async (exchange, { owner }) => {
        const page = readQuery(exchange, sessionsQuerySchema);
        exchange.respond(jsonAnswer(200, await bus.call(memorySessionsList, { owner, ...page })));
      },
    },
    {
      method: "GET",
      path: "/v2/sessions/:sessionId",
      access: "private",
      handle: async (exchange, { owner }, parameters) => {
        const sessionId = readId(parameters.sessionId, "the session id");
        exchange.respond(jsonAnswer(200, await bus.call(memorySessionsGet, { owner, sessionId })));
      },
    },
    {
      method: "DELETE",
      path: "/v2/sessions/:sessionId",
      access: "private",
      handle: async (exchange, { owner }, parameters) => {
        const sessionId = readId(parameters.sessionId, "the session id");
        const { deleted } = await bus.call(memorySessionsDelete, { owner, sessionId });
        if (!deleted) throw new OrchestraError("not_found", "there is no such session");
        exchange.respond({ status: statusLine(204), headers: {}, body: "" });
      },
    },
    {
      method: "GET",
      path: "/v2/sessions/:sessionId/messages",
      access: "private",
      handle: async (exchange, { owner }, parameters) => {
        const sessionId = readId(parameters.sessionId, "the session id");
        const page = readQuery(exchange, messagesQuerySchema);
        exchange.respond(jsonAnswer(200, await bus.call(memorySessionsMessages, { owner, sessionId, ...page })));
      },
    },
  ];
}

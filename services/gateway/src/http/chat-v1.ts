import { chatRequestV1Schema, OrchestraError, type ErrorEnvelope } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import { buildChatResponseV1, envelopeOfFailure, type ChatRequestEcho } from "../versions/chat-response.js";
import type { V1Deprecation } from "../versions/v1-deprecation.js";
import { orderOfV1Chat } from "../versions/v1-order.js";
import { errorAnswer, jsonAnswer } from "./http-answers.js";
import type { HttpAnswer, HttpExchange } from "./http-exchange.js";
import type { StartHttpTurn } from "./http-turn.js";
import { readJson, validateBody } from "./read-request.js";
import type { HttpRoute } from "./router.js";

/** Answers a request in V1, given its JSON body; what goes wrong is answered as well. */
export type AnswerChatV1 = (exchange: HttpExchange, principal: Principal, body: unknown) => Promise<void>;

/** V1 over HTTP: a `ChatResponseV1`, with headers that say that V1 goes. */
export function createAnswerChatV1({
  startHttpTurn,
  deprecation,
  now,
}: {
  startHttpTurn: StartHttpTurn;
  deprecation: V1Deprecation;
  now: () => number;
}): AnswerChatV1 {
  return async (exchange, principal, body) => {
    const request = validateBody(chatRequestV1Schema, body);
    const clientName = request.client_id ?? undefined;
    deprecation.note(clientName ?? principal.clientId, "http");
    const turn = startHttpTurn({
      exchange,
      principal,
      order: orderOfV1Chat({
        text: request.message,
        sessionId: request.session_id,
        clientName,
        attachments: { ...request.user_context, ...request.metadata },
      }),
      protocol: "v1",
      clientName,
      deliver: () => true,
    });
    await turn.accepted;
    turn.viewer.release();
    const end = await turn.ended;
    if (end.kind === "left") return;
    if (end.kind === "lost") throw end.error;
    const echo: ChatRequestEcho = {
      apiVersion: request.api_version ?? "1.0",
      requestId: request.request_id ?? exchange.requestId,
      sessionId: request.session_id,
    };
    const { frame } = end;
    const answer =
      frame.type === "turn.completed"
        ? jsonAnswer(200, buildChatResponseV1(frame, echo, now()))
        : errorAnswerV1(envelopeOfFailure(frame), exchange.requestId, {
            api_version: echo.apiVersion,
            request_id: echo.requestId,
            timestamp: new Date(now()).toISOString(),
            session_id: echo.sessionId,
            response: ("partialText" in frame && frame.partialText) || "",
            execution_mode: "balanced",
            quality_score: 0,
            metadata: { turn_id: frame.turnId },
          });
    exchange.respond({ ...answer, headers: { ...answer.headers, ...deprecation.headers, ...turn.headers } });
  };
}

/** `POST /v1/chat`. A client that goes away cancels its turn. */
export function createChatV1Routes({
  answerChatV1,
  deprecation,
}: {
  answerChatV1: AnswerChatV1;
  deprecation: V1Deprecation;
}): HttpRoute[] {
  return [
    {
      method: "POST",
      path: "/v1/chat",
      access: "private",
      handle: async (exchange, principal) => answerChatV1(exchange, principal, await readJson(exchange)),
      answerError: (error, requestId) => withHeaders(errorAnswerV1(error, requestId), deprecation.headers),
    },
  ];
}

/** Answers what a V1 request threw, where the route alone does not tell that it was one. */
export function respondErrorV1(exchange: HttpExchange, thrown: unknown, deprecation: V1Deprecation): OrchestraError {
  const error = OrchestraError.from(thrown);
  exchange.respond(withHeaders(errorAnswerV1(error.toEnvelope(), exchange.requestId), deprecation.headers));
  return error;
}

/** The error body that every route has, as an unsuccessful V1 answer. */
function errorAnswerV1(error: ErrorEnvelope, requestId: string, rest: object = {}): HttpAnswer {
  const answer = errorAnswer(error, requestId);
  const body = JSON.parse(answer.body) as object;
  return { ...answer, body: JSON.stringify({ ...rest, success: false, ...body }) };
}

function withHeaders(answer: HttpAnswer, headers: Readonly<Record<string, string>>): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

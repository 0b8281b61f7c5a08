import { chatRequestV2Schema, snakeChatRequestV2Schema, type TerminalFrame } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";
import type { TurnOrder } from "../turns/build-turn-request.js";
import { createTurnId } from "../turns/turn-ids.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import { buildChatResponseV2, envelopeOfFailure } from "../versions/chat-response.js";
import { orderOfSnakeChat } from "../versions/snake-chat-v2.js";
import { toErrorFrame } from "../websocket/frame-codec.js";
import { errorAnswer, jsonAnswer } from "./http-answers.js";
import type { HttpExchange } from "./http-exchange.js";
import type { StartHttpTurn } from "./http-turn.js";
import { readJson, validateBody } from "./read-request.js";
import type { HttpRoute } from "./router.js";
import { SseStream } from "./sse-stream.js";

type CompletedFrame = Extract<TerminalFrame, { type: "turn.completed" }>;

/** A V2 request as it is run, and how its completed turn is put into a JSON answer. */
interface ChatV2 {
  readonly order: TurnOrder;
  readonly clientName?: string | undefined;
  readonly present: (frame: CompletedFrame, sessionId: string) => unknown;
}

/** Answers a request in V2, given its JSON body. */
export type AnswerChatV2 = (exchange: HttpExchange, principal: Principal, body: unknown) => Promise<void>;

/**
 * V2 over HTTP. As JSON it answers the `turn.completed` frame, or a `ChatResponseV2` where the request has its names,
 * or the error of the turn; with `Accept: text/event-stream` the frames as they come.
 */
export function createAnswerChatV2({
  startHttpTurn,
  viewers,
  now,
}: {
  startHttpTurn: StartHttpTurn;
  viewers: TurnViewers;
  now: () => number;
}): AnswerChatV2 {
  return async (exchange, principal, body) => {
    const { order, clientName, present } = readChat(body, exchange.requestId);
    const { turnId } = order;
    let events: SseStream | undefined;
    const turn = startHttpTurn({
      exchange,
      principal,
      order,
      protocol: "v2",
      clientName,
      deliver: (frame, payload) => events?.send(frame, payload) ?? true,
    });
    const { viewer, sessionId, headers } = turn;
    const { duplicate } = await turn.accepted;
    if (exchange.head.headers.get("accept")?.includes("text/event-stream") === true) {
      events = new SseStream({ exchange, headers, onDrained: () => void viewers.ask(viewer, "drained") });
      events.send({ type: "turn.accepted", turnId, sessionId, duplicate: duplicate ? true : undefined });
    }
    viewer.release();
    if (duplicate) await viewers.ask(viewer, "duplicate");

    const end = await turn.ended;
    if (events !== undefined) {
      if (end.kind === "lost") events.send(toErrorFrame(end.error, turnId));
      events.end();
    } else if (end.kind === "lost") {
      throw end.error;
    } else if (end.kind === "terminal") {
      const { frame } = end;
      const answer =
        frame.type === "turn.completed"
          ? jsonAnswer(200, present(frame, sessionId))
          : errorAnswer(envelopeOfFailure(frame), exchange.requestId);
      exchange.respond({ ...answer, headers: { ...answer.headers, ...headers } });
    }
  };

  function readChat(body: unknown, requestId: string): ChatV2 {
    if (!isSnakeChat(body)) {
      const request = validateBody(chatRequestV2Schema, body);
      return { order: { ...request, turnId: request.turnId ?? createTurnId() }, present: (frame) => frame };
    }
    const request = validateBody(snakeChatRequestV2Schema, body);
    const echo = { apiVersion: request.api_version ?? "2.0", requestId: request.request_id ?? requestId };
    return {
      order: orderOfSnakeChat(request),
      clientName: request.client_id ?? undefined,
      present: (frame, sessionId) => buildChatResponseV2(frame, { ...echo, sessionId }, now()),
    };
  }
}

/** `POST /v2/chat`. A client that goes away cancels its turn, unless the options say `onDisconnect: continue`. */
export function createChatV2Routes({ answerChatV2 }: { answerChatV2: AnswerChatV2 }): HttpRoute[] {
  return [
    {
      method: "POST",
      path: "/v2/chat",
      access: "private",
      handle: async (exchange, principal) => answerChatV2(exchange, principal, await readJson(exchange)),
    },
  ];
}

function isSnakeChat(body: unknown): boolean {
  return typeof body === "object" && body !== null && "message" in body && !("input" in body);
}

import { detectVersion } from "../versions/detect-version.js";
import type { V1Deprecation } from "../versions/v1-deprecation.js";
import { respondErrorV1, type AnswerChatV1 } from "./chat-v1.js";
import type { AnswerChatV2 } from "./chat-v2.js";
import { readJson } from "./read-request.js";
import type { HttpRoute } from "./router.js";

/** `POST /api/chat`: either version, answered in the one that the request is in. */
export function createChatAnyRoutes({
  answerChatV1,
  answerChatV2,
  deprecation,
  onError,
}: {
  answerChatV1: AnswerChatV1;
  answerChatV2: AnswerChatV2;
  deprecation: V1Deprecation;
  /** Hears of errors that are not the caller's. */
  onError: (error: unknown) => void;
}): HttpRoute[] {
  return [
    {
      method: "POST",
      path: "/api/chat",
      access: "private",
      handle: async (exchange, principal) => {
        const body = await readJson(exchange);
        if (detectVersion({ head: exchange.head, body }) === 2) {
          await answerChatV2(exchange, principal, body);
          return;
        }
        try {
          await answerChatV1(exchange, principal, body);
        } catch (thrown) {
          const { code } = respondErrorV1(exchange, thrown, deprecation);
          if (code === "internal") onError(thrown);
        }
      },
    },
  ];
}

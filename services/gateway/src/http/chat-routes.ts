import type { Bus } from "@ai-orchestra/bus";
import type { CancelTurn } from "../turns/cancel-turn.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import type { V1Deprecation } from "../versions/v1-deprecation.js";
import type { VersionUsage } from "../versions/version-usage.js";
import { createChatAnyRoutes } from "./chat-any.js";
import { createAnswerChatV1, createChatV1Routes } from "./chat-v1.js";
import { createAnswerChatV2, createChatV2Routes } from "./chat-v2.js";
import type { StartHttpTurn } from "./http-turn.js";
import { createChatCompletionsRoutes } from "./openai/chat-completions.js";
import { createModelsRoutes } from "./openai/models.js";
import type { HttpRoute } from "./router.js";
import { createVersionRoutes } from "./versions.js";

/** Every HTTP way to chat, in each protocol, and the report of how much each is used. */
export function createChatRoutes({
  bus,
  memoryCalls,
  orchestratorCalls,
  startHttpTurn,
  cancelTurn,
  viewers,
  deprecation,
  versionUsage,
  now,
  onError,
}: {
  bus: Pick<Bus, "status">;
  /** The bus, for calls of these services. */
  memoryCalls: Pick<Bus, "call">;
  orchestratorCalls: Pick<Bus, "call">;
  startHttpTurn: StartHttpTurn;
  cancelTurn: CancelTurn;
  viewers: TurnViewers;
  deprecation: V1Deprecation;
  versionUsage: VersionUsage;
  now: () => number;
  /** Hears of errors that are not the caller's and that no answer tells. */
  onError: (error: unknown) => void;
}): HttpRoute[] {
  const answerChatV1 = createAnswerChatV1({ startHttpTurn, deprecation, now });
  const answerChatV2 = createAnswerChatV2({ startHttpTurn, viewers, now });
  return [
    ...createChatV1Routes({ answerChatV1, deprecation }),
    ...createChatV2Routes({ answerChatV2 }),
    ...createChatAnyRoutes({ answerChatV1, answerChatV2, deprecation, onError }),
    ...createChatCompletionsRoutes({ startHttpTurn, cancelTurn, viewers, bus, now, onError }),
    ...createModelsRoutes({ bus: orchestratorCalls }),
    ...createVersionRoutes({ bus: memoryCalls, versionUsage, v1Sunset: deprecation.sunset, now }),
  ];
}

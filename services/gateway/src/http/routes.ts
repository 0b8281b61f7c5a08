import type { Bus } from "@ai-orchestra/bus";
import type { FlagClient } from "@ai-orchestra/flags-engine";
import type { LevelWatch } from "@ai-orchestra/service-kit";
import type { ApiKeyStore } from "../auth/api-key-store.js";
import type { ConnectionRegistry } from "../connections/connection-registry.js";
import type { GatewayMetrics } from "../gateway-metrics.js";
import type { HeartbeatBoard } from "../health/heartbeat-board.js";
import type { SystemFeed } from "../health/system-feed.js";
import type { CancelTurn } from "../turns/cancel-turn.js";
import type { TurnViewers } from "../turns/turn-viewers.js";
import type { V1Deprecation } from "../versions/v1-deprecation.js";
import type { VersionUsage } from "../versions/version-usage.js";
import { createDegradationRoutes } from "./admin-degradation.js";
import { createAdminEventRoutes } from "./admin-events.js";
import { createFlagExchangeRoutes } from "./admin-flag-exchange.js";
import { createFlagRoutes } from "./admin-flags.js";
import { createSegmentRoutes } from "./admin-segments.js";
import { createApiKeyRoutes } from "./api-keys.js";
import { createChatRoutes } from "./chat-routes.js";
import { createDocumentRoutes } from "./documents.js";
import { createHealthRoutes } from "./health.js";
import type { StartHttpTurn } from "./http-turn.js";
import { createOfrepEventRoutes } from "./ofrep-events.js";
import { createOfrepRoutes } from "./ofrep.js";
import type { HttpRoute } from "./router.js";
import { createSessionRoutes } from "./sessions.js";
import { createTurnRoutes } from "./turns.js";

export interface RouteDependencies {
  bus: Bus;
  /** The bus, for calls of these services. */
  memoryCalls: Pick<Bus, "call">;
  orchestratorCalls: Pick<Bus, "call">;
  board: HeartbeatBoard;
  levelWatch: LevelWatch;
  systemFeed: SystemFeed;
  registry: ConnectionRegistry;
  apiKeys: ApiKeyStore;
  flagClient: FlagClient;
  /** What clients connect with. */
  scheme: "http" | "https";
  startHttpTurn: StartHttpTurn;
  cancelTurn: CancelTurn;
  viewers: TurnViewers;
  deprecation: V1Deprecation;
  versionUsage: VersionUsage;
  metrics: GatewayMetrics;
  /** Of the gateway; stands in the documents. */
  version: string;
  now: () => number;
  /** Hears of errors that are not the caller's and that no answer tells. */
  onError: (error: unknown) => void;
}

/** Every HTTP route of the gateway. Each has a row in the table of `@ai-orchestra/api-docs`. */
export function createRoutes(dependencies: RouteDependencies): HttpRoute[] {
  return [
    ...createHealthRoutes(dependencies),
    ...createChatRoutes(dependencies),
    ...createTurnRoutes(dependencies),
    ...createSessionRoutes({ bus: dependencies.memoryCalls }),
    ...createApiKeyRoutes(dependencies),
    ...createDegradationRoutes(dependencies),
    ...createAdminEventRoutes(dependencies),
    ...createFlagExchangeRoutes(dependencies),
    ...createFlagRoutes(dependencies),
    ...createSegmentRoutes(dependencies),
    ...createOfrepRoutes(dependencies),
    ...createOfrepEventRoutes(dependencies),
    ...createDocumentRoutes(dependencies),
  ];
}

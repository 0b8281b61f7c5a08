import type { Bus } from "@ai-orchestra/bus";
import type { LevelWatch } from "@ai-orchestra/service-kit";
import type { ConnectionRegistry } from "../connections/connection-registry.js";
import type { HeartbeatBoard } from "../health/heartbeat-board.js";
import { reportHealth } from "../health/health-report.js";
import type { SystemFeed } from "../health/system-feed.js";
import { jsonAnswer } from "./http-answers.js";
import type { HttpRoute } from "./router.js";

/** `/health` (the whole mesh, 503 when no turn can run) and the probes of this process, for who only has the client port. */
export function createHealthRoutes({
  board,
  systemFeed,
  levelWatch,
  bus,
  registry,
  now,
}: {
  board: HeartbeatBoard;
  systemFeed: Pick<SystemFeed, "overview">;
  levelWatch: Pick<LevelWatch, "state">;
  bus: Bus;
  registry: ConnectionRegistry;
  now: () => number;
}): HttpRoute[] {
  return [
    {
      method: "GET",
      path: "/health",
      access: "public",
      handle: (exchange) => {
        const busConnected = bus.status === "connected";
        const { overview } = systemFeed;
        const { state } = levelWatch;
        const report = reportHealth({ sightings: board.list(), busConnected, state, overview, now: now() });
        exchange.respond(jsonAnswer(report.status === "down" ? 503 : 200, report));
      },
    },
    {
      method: "GET",
      path: "/livez",
      access: "public",
      handle: (exchange) => exchange.respond(jsonAnswer(200, { status: "ok" })),
    },
    {
      method: "GET",
      path: "/readyz",
      access: "public",
      handle: (exchange) => {
        const ready = bus.status === "connected" && !registry.draining;
        exchange.respond(jsonAnswer(ready ? 200 : 503, { status: ready ? "ready" : "unready" }));
      },
    },
  ];
}

import type { Bus } from "@ai-orchestra/bus";
import {
  healthDegradationPin,
  healthDegradationUnpin,
  healthOverviewGet,
  pinDegradationSchema,
  type DegradationAnswer,
  type SystemState,
} from "@ai-orchestra/contracts";
import type { LevelWatch } from "@ai-orchestra/service-kit";
import { jsonAnswer } from "./http-answers.js";
import { readJsonBody } from "./read-request.js";
import type { HttpRoute } from "./router.js";

/**
 * `/admin/degradation`: the level in force; `PUT` holds it where an operator wants it, `DELETE` lets it follow the
 * system's health again. `GET /admin/health` shows everything the health service knows.
 */
export function createDegradationRoutes({
  bus,
  levelWatch,
}: {
  bus: Pick<Bus, "call">;
  levelWatch: Pick<LevelWatch, "state">;
}): HttpRoute[] {
  const path = "/admin/degradation";
  return [
    {
      method: "GET",
      path,
      access: "private",
      scope: "admin",
      handle: (exchange) => exchange.respond(jsonAnswer(200, describeState(levelWatch.state))),
    },
    {
      method: "PUT",
      path,
      access: "private",
      scope: "admin",
      handle: async (exchange, { clientId }) => {
        const wanted = await readJsonBody(exchange, pinDegradationSchema);
        const state = await bus.call(healthDegradationPin, { ...wanted, by: clientId });
        exchange.respond(jsonAnswer(200, describeState(state)));
      },
    },
    {
      method: "DELETE",
      path,
      access: "private",
      scope: "admin",
      handle: async (exchange) => {
        exchange.respond(jsonAnswer(200, describeState(await bus.call(healthDegradationUnpin, {}))));
      },
    },
    {
      method: "GET",
      path: "/admin/health",
      access: "private",
      scope: "admin",
      handle: async (exchange) => {
        const overview = await bus.call(healthOverviewGet, {});
        exchange.respond(jsonAnswer(200, { ...overview, state: describeState(overview.state) }));
      },
    },
  ];
}

/** Times as clients read them. */
export function describeState({ since, pinned, ...state }: SystemState): DegradationAnswer {
  return {
    ...state,
    since: new Date(since).toISOString(),
    pinned:
      pinned === undefined
        ? null
        : {
            ...pinned,
            at: new Date(pinned.at).toISOString(),
            until: pinned.until === undefined ? null : new Date(pinned.until).toISOString(),
          },
  };
}

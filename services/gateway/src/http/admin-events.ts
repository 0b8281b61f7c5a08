import { OrchestraError, type SystemEvent } from "@ai-orchestra/contracts";
import type { LevelWatch } from "@ai-orchestra/service-kit";
import type { SystemFeed } from "../health/system-feed.js";
import { describeState } from "./admin-degradation.js";
import { statusLine } from "./http-answers.js";
import type { HttpExchange } from "./http-exchange.js";
import type { HttpRoute } from "./router.js";

/** Dashboards that listen at once; past it `overloaded`. */
const MAX_LISTENERS = 64;
const PING_PERIOD_MS = 15_000;

/**
 * `GET /admin/events`: server-sent events for dashboards. `level` carries the system's state, at first as it is and then
 * with every change; `breaker` carries each circuit that is not closed and then every change of one. A reader that falls
 * behind misses circuits, and is told the state as it is once it reads again.
 */
export function createAdminEventRoutes({
  systemFeed,
  levelWatch,
}: {
  systemFeed: Pick<SystemFeed, "overview" | "onBreakerChange">;
  levelWatch: Pick<LevelWatch, "state" | "onChange">;
}): HttpRoute[] {
  const listening = new Set<HttpExchange>();

  function listen(exchange: HttpExchange): void {
    if (listening.size >= MAX_LISTENERS) {
      throw new OrchestraError("overloaded", `at most ${MAX_LISTENERS} may listen to the system's events at once`);
    }
    listening.add(exchange);
    const stream = exchange.openStream({
      status: statusLine(200),
      headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
    });
    let isBehind = false;
    const write = (chunk: string): void => {
      if (!isBehind && !stream.write(chunk)) isBehind = true;
    };
    const sendLevel = (): void => write(toEvent({ type: "level", ...describeState(levelWatch.state) }));
    stream.onDrain(() => {
      if (!isBehind) return;
      isBehind = false;
      sendLevel();
    });
    const pings = setInterval(() => write(": ping\n\n"), PING_PERIOD_MS);
    const unfollowLevel = levelWatch.onChange(sendLevel);
    const unfollowBreakers = systemFeed.onBreakerChange(({ at, ...change }) =>
      write(toEvent({ type: "breaker", ...change, at: new Date(at).toISOString() })),
    );
    exchange.onDone(() => {
      listening.delete(exchange);
      clearInterval(pings);
      unfollowLevel();
      unfollowBreakers();
    });
    sendLevel();
    for (const { state, ...breaker } of systemFeed.overview?.breakers ?? []) {
      write(toEvent({ type: "breaker", ...breaker, from: null, to: state, at: null }));
    }
  }

  return [{ method: "GET", path: "/admin/events", access: "private", scope: "admin", handle: listen }];
}

function toEvent(event: SystemEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

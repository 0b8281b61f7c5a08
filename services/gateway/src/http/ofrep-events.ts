import { OrchestraError } from "@ai-orchestra/contracts";
import type { FlagClient } from "@ai-orchestra/flags-engine";
import type { HttpExchange } from "./http-exchange.js";
import type { HttpRoute } from "./router.js";
import { SSE_PING, SseStream } from "./sse-stream.js";

export const OFREP_EVENTS_PATH = "/ofrep/v1/events";

/** Clients that listen at once; past it `overloaded`, and they poll. */
const MAX_LISTENERS = 1_000;
/** An import changes many flags at once: one event is enough. */
const COALESCE_MS = 20;

/** `GET /ofrep/v1/events`: server-sent `refetchEvaluation` events whenever a flag changed. */
export function createOfrepEventRoutes({
  flagClient,
}: {
  flagClient: Pick<FlagClient, "onChange" | "revision">;
}): HttpRoute[] {
  const listening = new Set<HttpExchange>();

  function listen(exchange: HttpExchange): void {
    if (listening.size >= MAX_LISTENERS) {
      throw new OrchestraError("overloaded", `at most ${MAX_LISTENERS} may listen to flags at once`);
    }
    listening.add(exchange);
    const stream = new SseStream({ exchange, headers: {}, opening: SSE_PING, onDrained: () => tell() });
    let timer: NodeJS.Timeout | undefined;
    const tell = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        const { revision } = flagClient;
        const data = JSON.stringify({ type: "refetchEvaluation", etag: String(revision) });
        if (stream.keepsUp) stream.write(`event: message\nid: ${revision}\ndata: ${data}\n\n`);
      }, COALESCE_MS);
    };
    const unfollow = flagClient.onChange(tell);
    // Who comes back has missed what changed in between.
    const lastSeen = exchange.head.headers.get("last-event-id");
    if (lastSeen !== undefined && lastSeen !== String(flagClient.revision)) tell();
    exchange.onDone(() => {
      listening.delete(exchange);
      clearTimeout(timer);
      unfollow();
    });
  }

  return [
    {
      method: "GET",
      path: OFREP_EVENTS_PATH,
      access: "private",
      scope: "flags:read",
      isMetered: false,
      handle: listen,
    },
  ];
}

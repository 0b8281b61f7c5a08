import type { OrchestraClient } from "@ai-orchestra/client";
import { describeError } from "./describe-answer.js";
import type { Screen } from "./screen.js";

/** Says when the connection is lost and when it is back. */
export function watchConnection(client: OrchestraClient, screen: Screen): void {
  let wasOpen = false;
  let isLost = false;
  client.onState((state) => {
    if (state.status === "open") {
      if (isLost) screen.note(wasOpen ? "back" : "connected");
      wasOpen = true;
      isLost = false;
    } else if (state.status === "waiting" && !isLost) {
      isLost = true;
      screen.note(wasOpen ? "reconnecting…" : `not reachable yet, trying on… (${state.reason.message})`);
    } else if (state.status === "closed" && state.reason.code !== "client_closed") {
      screen.alert(describeError(state.reason));
    }
  });
}

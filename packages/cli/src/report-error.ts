import { OrchestraClientError, type OrchestraClient } from "@ai-orchestra/client";
import { describeError } from "./describe-answer.js";
import type { Screen } from "./screen.js";

/** Prints what the client rejected with; anything else is a fault of this program and is thrown on. */
export function reportError(error: unknown, { client, screen }: { client: OrchestraClient; screen: Screen }): void {
  if (!(error instanceof OrchestraClientError)) throw error;
  const { state } = client;
  // The end of the client itself is told by watchConnection.
  if (state.status === "closed" && state.reason === error) return;
  if (error.code === "not_found") screen.note(`not found: ${error.message}`);
  else if (error.code === "cancelled") screen.note("cancelled");
  else screen.alert(describeError(error));
}

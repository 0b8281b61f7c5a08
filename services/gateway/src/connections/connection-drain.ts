import { CLOSE_CODES } from "@ai-orchestra/contracts";
import type { ConnectionRegistry } from "./connection-registry.js";

/** Closes go out in steps this far apart, so that the reconnects do not arrive as one wave. */
const STEP_MS = 25;
const MIN_CLOSES_PER_STEP = 50;
/** Clients are asked to come back somewhere within this time, each at its own random moment. */
const RECONNECT_SPREAD_MS = 500;

/**
 * Sends every client a `drain` frame and closes it with 4001, paced so that all are closed by `deadlineAt`. Turns go
 * on elsewhere; a client resumes its own on another gateway.
 */
export async function drainConnections({
  registry,
  now,
  deadlineAt,
}: {
  registry: ConnectionRegistry;
  now: () => number;
  /** Epoch ms. */
  deadlineAt: number;
}): Promise<void> {
  registry.startDraining();
  const connections = registry.list();
  for (const connection of connections) {
    connection.announceDrain(Math.floor(Math.random() * RECONNECT_SPREAD_MS));
  }
  const steps = Math.max(1, Math.floor((deadlineAt - now()) / STEP_MS));
  const closesPerStep = Math.max(MIN_CLOSES_PER_STEP, Math.ceil(connections.length / steps));
  for (let first = 0; first < connections.length; first += closesPerStep) {
    if (first > 0) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    for (const connection of connections.slice(first, first + closesPerStep)) {
      connection.close(CLOSE_CODES.draining, "draining");
    }
  }
}

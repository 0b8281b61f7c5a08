import type { Bus } from "@ai-orchestra/bus";
import {
  OrchestraError,
  turnControl,
  type TurnControlReply,
  type TurnControlRequest,
  type TurnKey,
} from "@ai-orchestra/contracts";

/**
 * Asks whoever runs a turn. Undefined when nobody does or nobody answers in time, and when the bus is away: then the
 * turn is queued, between two attempts, or over. Rejects with any other error of the producer.
 */
export async function askProducer(
  bus: Bus,
  key: TurnKey,
  request: TurnControlRequest,
): Promise<TurnControlReply | undefined> {
  try {
    return await bus.call(turnControl(key), request);
  } catch (thrown) {
    const error = OrchestraError.from(thrown);
    if (error.code === "unavailable" || error.code === "timeout") return undefined;
    throw error;
  }
}

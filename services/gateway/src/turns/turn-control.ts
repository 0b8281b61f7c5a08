import type { Bus } from "@ai-orchestra/bus";
import {
  defineCall,
  OrchestraError,
  subjects,
  turnControlReplySchema,
  turnControlRequestSchema,
  type TurnControlReply,
  type TurnControlRequest,
  type TurnKey,
} from "@ai-orchestra/contracts";

/** A producer answers from memory; one that takes longer is paused or gone. */
const CONTROL_TIMEOUT_MS = 1_000;

/**
 * Asks whoever runs a turn. Undefined when nobody does or nobody answers in time, and when the bus is away: then the
 * turn is queued, between two attempts, or over. Rejects with any other error of the producer.
 */
export async function askProducer(
  bus: Bus,
  key: TurnKey,
  request: TurnControlRequest,
): Promise<TurnControlReply | undefined> {
  const contract = defineCall({
    subject: subjects.turnControl(key),
    request: turnControlRequestSchema,
    response: turnControlReplySchema,
    timeoutMs: CONTROL_TIMEOUT_MS,
  });
  try {
    return await bus.call(contract, request);
  } catch (thrown) {
    const error = OrchestraError.from(thrown);
    if (error.code === "unavailable" || error.code === "timeout") return undefined;
    throw error;
  }
}

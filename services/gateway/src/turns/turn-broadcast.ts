import type { BusMessage } from "@ai-orchestra/bus";
import type { TurnEvent } from "@ai-orchestra/contracts";

/** JSON as text or as UTF-8 bytes. */
export type Payload = string | Uint8Array;

/** One event of a turn as it came over the bus: parsed once for all its viewers, its bytes ready to be passed on. */
export interface TurnBroadcast {
  readonly turnId: string;
  readonly event: TurnEvent;
  readonly bytes: Uint8Array | undefined;
}

/** Reads an event off the bus. Its publishers are this system's own services, so it is parsed and not validated. */
export function readTurnBroadcast(message: BusMessage): TurnBroadcast {
  const turnId = message.subject.slice(message.subject.lastIndexOf(".") + 1);
  return { turnId, event: message.json<TurnEvent>(), bytes: message.bytes };
}

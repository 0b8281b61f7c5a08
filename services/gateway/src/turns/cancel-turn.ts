import type { Bus, KvBucket } from "@ai-orchestra/bus";
import { cancelKey, type TurnKey } from "@ai-orchestra/contracts";
import { askProducer } from "./ask-producer.js";

/** Cancels a turn wherever it is; one that ended or never was is left alone. Rejects when the bus takes no word of it. */
export type CancelTurn = (key: TurnKey) => Promise<void>;

/**
 * Tells the producer. Nobody there: leaves a note for the orchestrator that will pull the turn, and then tells the
 * producer again, since one that began in between may have looked for the note too early.
 */
export function createCancelTurn({
  bus,
  cancels,
  now,
}: {
  bus: Bus;
  cancels: KvBucket<{ at: number }>;
  now: () => number;
}): CancelTurn {
  return async (key) => {
    if ((await askProducer(bus, key, { op: "cancel" })) !== undefined) return;
    await cancels.put(cancelKey(key), { at: now() });
    await askProducer(bus, key, { op: "cancel" });
  };
}

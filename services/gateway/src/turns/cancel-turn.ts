import type { Bus, KvBucket, ResultStore } from "@ai-orchestra/bus";
import { cancelKey, subjects, type TurnKey, type TurnResult } from "@ai-orchestra/contracts";
import { askProducer } from "./ask-producer.js";

/**
 * Cancels a turn wherever it is. One that ended is left alone; one that is not known yet ends as soon as it is pulled, if
 * that is within the hour. Rejects when the bus takes no word of it.
 */
export type CancelTurn = (key: TurnKey) => Promise<void>;

/** Tells the producer. Nobody there: leaves a note, which orchestrators follow, for the one that will run the turn. */
export function createCancelTurn({
  bus,
  cancels,
  results,
  now,
}: {
  bus: Bus;
  cancels: KvBucket<{ at: number }>;
  results: Pick<ResultStore<TurnResult>, "get">;
  now: () => number;
}): CancelTurn {
  return async (key) => {
    if ((await askProducer(bus, key, { op: "cancel" })) !== undefined) return;
    if ((await results.get(subjects.turnResult(key))) !== undefined) return;
    await cancels.put(cancelKey(key), { at: now() });
  };
}

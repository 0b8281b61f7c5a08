import type { Bus, ResultStore } from "@ai-orchestra/bus";
import { subjects, type TurnResult } from "@ai-orchestra/contracts";
import type { ConcurrencySlots } from "./concurrency-slots.js";
import { askProducer } from "./ask-producer.js";
import type { RecallResult } from "./recall-result.js";
import type { TurnViewer } from "./turn-viewer.js";

/** Why a viewer asks instead of listening. */
export type CatchUpTrigger = "gap" | "resume" | "duplicate" | "reconnect" | "silence" | "drained";

/** Brings a viewer up to date and lets it go live again. Never rejects; one that holds already is left alone. */
export type CatchUp = (viewer: TurnViewer, trigger: CatchUpTrigger) => Promise<void>;

export interface CatchUpDependencies {
  bus: Bus;
  results: ResultStore<TurnResult>;
  recall: RecallResult;
  /** How many viewers may ask at once in this process, for the moment when all of them want to. */
  slots: ConcurrencySlots;
  /** Hears of every attempt. */
  onCatchUp: (trigger: CatchUpTrigger) => void;
  /** Hears of errors other than nobody being there; the viewer goes on waiting and asks again. */
  onError: (error: unknown, viewer: TurnViewer) => void;
}

/**
 * Asks the producer for what came after the viewer's place; nobody there: looks at how the turn ended; not ended: the
 * turn is queued or between two attempts, and the viewer waits for events.
 */
export function createCatchUp({ bus, results, recall, slots, onCatchUp, onError }: CatchUpDependencies): CatchUp {
  return async (viewer, trigger) => {
    viewer.quietTicks = 0;
    await slots.run(async () => {
      if (!viewer.hold()) return;
      onCatchUp(trigger);
      try {
        if (bus.status === "connected") await bringUpToDate(viewer);
      } catch (error) {
        onError(error, viewer);
      } finally {
        viewer.release();
      }
    });
  };

  /** The history is only asked for turns that may be older than results are kept. */
  async function findEnd({ key, place, deadline }: TurnViewer): Promise<TurnResult | undefined> {
    const stored = await results.get(subjects.turnResult(key));
    if (stored !== undefined || !deadline.assumed) return stored?.value;
    return recall(key, place.attempt);
  }

  /** A long story comes in several replies. */
  async function bringUpToDate(viewer: TurnViewer): Promise<void> {
    while (viewer.state === "holding") {
      const reply = await askProducer(bus, viewer.key, { op: "state", ...viewer.place });
      if (reply?.status !== "running") {
        const ended = await findEnd(viewer);
        if (ended !== undefined) viewer.applyResult(ended);
        return;
      }
      viewer.applyState(reply);
      if (!reply.more) return;
    }
  }
}

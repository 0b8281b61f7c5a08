import type { Bus, ResultStore } from "@ai-orchestra/bus";
import { OrchestraError, subjects, type TurnKey, type TurnResult } from "@ai-orchestra/contracts";
import { traceIdOf } from "@ai-orchestra/telemetry";
import type { TurnViewer } from "./turn-viewer.js";

/** Ends a viewer whose turn should have ended long ago. Never rejects. */
export type ExpireTurn = (viewer: TurnViewer) => Promise<void>;

/**
 * Writes that the turn timed out, unless it ended after all, and shows whichever result stands: all viewers see the
 * same end, on every gateway. A viewer that does not know the turn's deadline may not decide that; it is told that
 * nothing is known. Without the bus nothing can be decided either, and the viewer is told so.
 */
export function createExpireTurn(options: {
  bus: Bus;
  results: ResultStore<TurnResult>;
  now: () => number;
}): ExpireTurn {
  const { bus, results, now } = options;
  return async (viewer) => {
    if (!viewer.hold()) return;
    if (viewer.deadline.assumed) {
      viewer.lose(new OrchestraError("not_found", "nothing is known of this turn"));
      return;
    }
    try {
      viewer.applyResult(await settleTimeout(viewer));
    } catch (thrown) {
      viewer.lose(
        new OrchestraError("unavailable", "the turn is past its deadline and its end cannot be looked up now", {
          cause: thrown,
        }),
      );
    }
  };

  async function settleTimeout({ key, traceId = traceIdOf() }: TurnViewer): Promise<TurnResult> {
    const timedOut = buildTimeoutResult(key, traceId, now());
    const put = await results.put(subjects.turnResult(key), timedOut);
    if (put.status === "stored") {
      bus.publish(subjects.turnEvents(key), { type: "turn.result", result: timedOut });
      return timedOut;
    }
    const first = await results.get(subjects.turnResult(key));
    return first?.value ?? timedOut;
  }
}

function buildTimeoutResult(key: TurnKey, traceId: string, nowMs: number): TurnResult {
  const { owner, sessionId, turnId } = key;
  return {
    owner,
    sessionId,
    turnId,
    attempt: 0,
    order: 0,
    stateless: false,
    to: 0,
    segments: [],
    frame: {
      type: "turn.failed",
      turnId,
      sessionId,
      code: "timeout",
      message: "the turn did not end in time",
      retryable: true,
      traceId,
    },
    submittedAt: nowMs,
    finishedAt: nowMs,
  };
}

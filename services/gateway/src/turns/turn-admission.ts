import { OrchestraError } from "@ai-orchestra/contracts";
import type { Clock, LevelWatch } from "@ai-orchestra/service-kit";

/** Throws `maintenance` while no new turns are taken. Those that run end as they would. */
export type AssertTurnsAccepted = () => void;

/** What clients are told to wait when nobody knows how long it takes. */
const RETRY_AFTER_MS = 15_000;
const MIN_RETRY_AFTER_MS = 1_000;

export function createTurnAdmission({
  levelWatch,
  clock,
}: {
  levelWatch: Pick<LevelWatch, "state">;
  clock: Pick<Clock, "now">;
}): AssertTurnsAccepted {
  return () => {
    const { level, pinned } = levelWatch.state;
    if (level !== "maintenance") return;
    const retryAfterMs =
      pinned?.until === undefined ? RETRY_AFTER_MS : Math.max(MIN_RETRY_AFTER_MS, pinned.until - clock.now());
    throw new OrchestraError("maintenance", "no new turns are taken for the moment; running ones end as usual", {
      retryAfterMs,
    });
  };
}

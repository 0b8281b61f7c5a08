import type { CallPermit } from "@ai-orchestra/resilience";

/** What a try asks of a permit. */
export type TryPermit = Pick<CallPermit, "isProbe" | "succeed" | "fail" | "ignore">;

/** A permit that no breaker gave and that none hears of. */
export const FREE_PERMIT: TryPermit = {
  isProbe: false,
  succeed: () => undefined,
  fail: () => undefined,
  ignore: () => undefined,
};

import type { Priority } from "@ai-orchestra/contracts";
import type { Principal } from "../auth/principal.js";

/** The place of a client's turns in the queue. Only the operator decides it. */
export type PriorityOf = (principal: Principal) => Priority;

/** @param entries as `GATEWAY_TIER_PRIORITIES` has them: `<tier>=<priority>` */
export function createPriorityOf(entries: readonly string[]): PriorityOf {
  const byTier = new Map(
    entries.map((entry) => {
      const [tier = "", priority] = entry.split("=");
      return [tier, priority as Priority] as const;
    }),
  );
  return ({ tier }) => byTier.get(tier) ?? "normal";
}

import type { EvaluationContext, FlagRollout } from "@ai-orchestra/contracts";
import { bucketOf, BUCKET_COUNT, toBuckets } from "./hash/bucket.js";

/**
 * What a rollout makes of a user: `in` and `out` by name, `split-in` and `split-out` by the sticky share; `no-key`: the
 * share needs a targeting key and there is none.
 */
export type RolloutDecision = "in" | "out" | "split-in" | "split-out" | "no-key";

export type DecideRollout = (context: EvaluationContext, now: () => number) => RolloutDecision;

interface Members {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

/** Prepares a rollout. Every share is of the same sticky buckets, whichever strategy it belongs to. */
export function compileRollout(flagKey: string, rollout: FlagRollout): DecideRollout {
  switch (rollout.strategy) {
    case "percentage": {
      const threshold = toBuckets(rollout.percentage);
      return (context) => decideShare(flagKey, threshold, context);
    }
    case "allowlist": {
      const isMember = compileMembership(rollout);
      const threshold = toBuckets(rollout.percentage);
      return (context) => (isMember(context) ? "in" : decideRest(flagKey, threshold, context));
    }
    case "denylist": {
      const isMember = compileMembership(rollout);
      return (context) => (isMember(context) ? "out" : "in");
    }
    case "gradual": {
      const steps = rollout.steps.map(({ at, percentage }) => ({
        at: Date.parse(at),
        threshold: toBuckets(percentage),
      }));
      return (context, now) => {
        const time = now();
        return decideShare(flagKey, steps.findLast(({ at }) => at <= time)?.threshold ?? 0, context);
      };
    }
    case "canary": {
      const regions = new Set<unknown>(rollout.regions);
      const servers = new Set<unknown>(rollout.servers);
      const threshold = toBuckets(rollout.percentage);
      return (context) =>
        regions.has(context["region"]) || servers.has(context["server"])
          ? "in"
          : decideRest(flagKey, threshold, context);
    }
    case "ring": {
      const open = rollout.rings.slice(0, rollout.rings.findIndex(({ name }) => name === rollout.upTo) + 1);
      const names = new Set<unknown>(open.map(({ name }) => name));
      const memberships = open.map(compileMembership);
      return (context) =>
        names.has(context["ring"]) || memberships.some((isMember) => isMember(context)) ? "in" : "out";
    }
  }
}

/** Those whom a list does not name; with no share for them, no key is needed to say so. */
function decideRest(flagKey: string, threshold: number, context: EvaluationContext): RolloutDecision {
  return threshold === 0 ? "out" : decideShare(flagKey, threshold, context);
}

function decideShare(flagKey: string, threshold: number, { targetingKey }: EvaluationContext): RolloutDecision {
  if (threshold === 0) return "split-out";
  if (threshold === BUCKET_COUNT) return "split-in";
  if (typeof targetingKey !== "string" || targetingKey === "") return "no-key";
  return bucketOf(flagKey, targetingKey) < threshold ? "split-in" : "split-out";
}

function compileMembership(members: Members): (context: EvaluationContext) => boolean {
  const users = new Set<unknown>(members.users);
  const groups = new Set<unknown>(members.groups);
  return (context) => {
    if (users.has(context.targetingKey)) return true;
    if (groups.size === 0) return false;
    const given = context["groups"];
    return Array.isArray(given) ? given.some((group) => groups.has(group)) : groups.has(given);
  };
}

import {
  FLAG_LIMITS,
  type EvaluationContext,
  type EvaluationErrorCode,
  type FlagEvaluation,
} from "@ai-orchestra/contracts";
import type { CompiledFlag, Outcome } from "./compiled-flag.js";
import type { Condition } from "./constraints/compile-constraint.js";
import type { FlagSet } from "./flag-set.js";
import { variantBucketOf } from "./hash/bucket.js";

const NOT_FOUND = failure("FLAG_NOT_FOUND");
const NOT_USABLE = failure("PARSE_ERROR");

/**
 * Evaluates a flag for a context. Never throws: what cannot be evaluated has the reason `ERROR` and an error code, and
 * the value of those who do not have the flag. The answer is shared and frozen.
 */
export function evaluate(flagSet: FlagSet, key: string, context: EvaluationContext): FlagEvaluation {
  const flag = flagSet.get(key);
  if (flag === undefined) return flagSet.findBroken(key) === undefined ? NOT_FOUND : NOT_USABLE;
  return decide(flag, flagSet, context, undefined).evaluation;
}

/** Whether a flag is on for a context; undefined when it cannot be evaluated. */
export function isFlagOn(flagSet: FlagSet, key: string, context: EvaluationContext): boolean | undefined {
  const flag = flagSet.get(key);
  if (flag === undefined) return undefined;
  const { isOn, evaluation } = decide(flag, flagSet, context, undefined);
  return evaluation.errorCode === undefined ? isOn : undefined;
}

/** How many more prerequisites one evaluation may ask. */
interface Budget {
  left: number;
}

/** Prerequisites, then targeting, then the rollout, then the variant. */
function decide(flag: CompiledFlag, flagSet: FlagSet, context: EvaluationContext, budget: Budget | undefined): Outcome {
  if (flag.state === "off") return flag.off.DISABLED;
  const shared =
    flag.prerequisites.length === 0 ? undefined : (budget ?? { left: FLAG_LIMITS.prerequisiteEvaluations });
  for (const prerequisite of flag.prerequisites) {
    const other = flagSet.get(prerequisite.flag);
    if (other === undefined || shared === undefined) return flag.off.DEFAULT;
    // Definitions with cycles are refused; two writers at once can still make one.
    if (shared.left === 0) return flag.tooDeep;
    shared.left -= 1;
    const { isOn, evaluation } = decide(other, flagSet, context, shared);
    if (!isOn) return evaluation.errorCode === "GENERAL" ? flag.tooDeep : flag.off.DEFAULT;
    if (prerequisite.variant !== undefined && prerequisite.variant !== evaluation.variant) return flag.off.DEFAULT;
  }
  if (flag.state === "on") return chooseVariant(flag, flag.on.STATIC, context);
  if (!holdAll(flag.conditions, context, flagSet.now) || !isInSegment(flag, flagSet, context)) return flag.off.DEFAULT;
  switch (flag.rollout?.(context, flagSet.now)) {
    case undefined:
    case "in":
      return chooseVariant(flag, flag.on.TARGETING_MATCH, context);
    case "split-in":
      return chooseVariant(flag, flag.on.SPLIT, context);
    case "split-out":
      return flag.off.SPLIT;
    case "out":
      return flag.off.TARGETING_MATCH;
    case "no-key":
      return flag.noTargetingKey;
  }
}

function chooseVariant(flag: CompiledFlag, whole: Outcome, { targetingKey }: EvaluationContext): Outcome {
  const { split } = flag;
  if (split === undefined) return whole;
  if (typeof targetingKey !== "string" || targetingKey === "") return flag.noTargetingKey;
  const bucket = variantBucketOf(flag.key, targetingKey);
  return split.outcomes[split.bounds.findIndex((bound) => bucket < bound)] ?? whole;
}

function isInSegment({ segments }: CompiledFlag, flagSet: FlagSet, context: EvaluationContext): boolean {
  return (
    segments.length === 0 ||
    segments.some((name) => {
      const conditions = flagSet.findSegment(name);
      return conditions !== undefined && holdAll(conditions, context, flagSet.now);
    })
  );
}

function holdAll(conditions: readonly Condition[], context: EvaluationContext, now: () => number): boolean {
  for (const condition of conditions) if (!condition(context, now)) return false;
  return true;
}

function failure(errorCode: EvaluationErrorCode): FlagEvaluation {
  return Object.freeze({ value: false, reason: "ERROR", errorCode, metadata: Object.freeze({}) });
}

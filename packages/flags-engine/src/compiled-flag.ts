import type { EvaluationErrorCode, EvaluationReason, FlagDefinition, FlagEvaluation } from "@ai-orchestra/contracts";
import { compileRollout, type DecideRollout } from "./compile-rollout.js";
import { compileConstraint, type Condition } from "./constraints/compile-constraint.js";
import { toBuckets } from "./hash/bucket.js";

/** What an evaluation can come to; made once for each flag, so that evaluating allocates nothing. */
export interface Outcome {
  readonly isOn: boolean;
  readonly evaluation: FlagEvaluation;
}

/** A flag with everything parsed that can be parsed before somebody asks. Immutable. */
export interface CompiledFlag {
  readonly key: string;
  readonly definition: FlagDefinition;
  readonly revision: number;
  readonly state: "off" | "on" | "conditional";
  readonly prerequisites: FlagDefinition["prerequisites"];
  readonly conditions: readonly Condition[];
  readonly segments: readonly string[];
  readonly rollout: DecideRollout | undefined;
  /** Where those who have the flag are split: upper bounds of the variants' buckets. */
  readonly split: { readonly bounds: readonly number[]; readonly outcomes: readonly Outcome[] } | undefined;
  readonly on: Readonly<Record<"STATIC" | "TARGETING_MATCH" | "SPLIT", Outcome>>;
  readonly off: Readonly<Record<"DISABLED" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT", Outcome>>;
  readonly noTargetingKey: Outcome;
  readonly tooDeep: Outcome;
}

/** Metadata of an evaluation; primitives only, as OpenFeature wants them. */
type Metadata = FlagEvaluation["metadata"];

interface NamedValue {
  readonly name: string;
  readonly value: FlagEvaluation["value"];
}

const BOOLEAN_ON: NamedValue = { name: "on", value: true };
const BOOLEAN_OFF: NamedValue = { name: "off", value: false };

/** Compiles a definition. @throws Error that says what is wrong with a pattern or a version of it */
export function compileFlag(definition: FlagDefinition, revision: number): CompiledFlag {
  const { key, killSwitch, status, rollout, variants, offVariant } = definition;
  const metadata: Metadata = Object.freeze({ revision, ...(rollout && { strategy: rollout.strategy }) });
  const whole = variants.find(({ weight }) => weight === 100);
  const onValue = variants.length === 0 ? BOOLEAN_ON : (whole ?? variants[0] ?? BOOLEAN_ON);
  const offValue = variants.find(({ name }) => name === offVariant) ?? BOOLEAN_OFF;
  const on = (reason: EvaluationReason, value = onValue): Outcome => outcome(true, value, reason, metadata);
  const off = (reason: EvaluationReason, errorCode?: EvaluationErrorCode): Outcome =>
    outcome(false, offValue, reason, metadata, errorCode);
  return {
    key,
    definition,
    revision,
    state: killSwitch || status === "disabled" ? "off" : status === "enabled" ? "on" : "conditional",
    prerequisites: definition.prerequisites,
    conditions: definition.constraints.map(compileConstraint),
    segments: definition.segments,
    rollout: rollout === undefined ? undefined : compileRollout(key, rollout),
    split:
      variants.length === 0 || whole !== undefined
        ? undefined
        : {
            bounds: sumUp(variants.map(({ weight }) => toBuckets(weight))),
            outcomes: variants.map((variant) => on("SPLIT", variant)),
          },
    on: { STATIC: on("STATIC"), TARGETING_MATCH: on("TARGETING_MATCH"), SPLIT: on("SPLIT") },
    off: {
      DISABLED: off("DISABLED"),
      DEFAULT: off("DEFAULT"),
      TARGETING_MATCH: off("TARGETING_MATCH"),
      SPLIT: off("SPLIT"),
    },
    noTargetingKey: off("ERROR", "TARGETING_KEY_MISSING"),
    tooDeep: off("ERROR", "GENERAL"),
  };
}

function outcome(
  isOn: boolean,
  { name, value }: NamedValue,
  reason: EvaluationReason,
  metadata: Metadata,
  errorCode?: EvaluationErrorCode,
): Outcome {
  return Object.freeze({
    isOn,
    evaluation: Object.freeze({
      value,
      variant: name,
      reason,
      ...(errorCode === undefined ? {} : { errorCode }),
      metadata,
    }),
  });
}

function sumUp(parts: readonly number[]): number[] {
  let sum = 0;
  return parts.map((part) => (sum += part));
}

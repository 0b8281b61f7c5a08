import type { EvaluationContext, FlagConstraint } from "@ai-orchestra/contracts";
import { compileRegex } from "./safe-regex.js";
import { compareVersions, parseVersion } from "./semver.js";

/** Whether a context satisfies a constraint; `now` is asked, in epoch milliseconds, only where time matters. */
export type Condition = (context: EvaluationContext, now: () => number) => boolean;

type Ordering = "eq" | "gt" | "gte" | "lt" | "lte";

/** The attribute that is the time of the evaluation where the context does not have it. */
const CURRENT_TIME = "currentTime";

/**
 * Prepares a constraint, so that evaluating it parses nothing but the attribute. An attribute that is missing, or of
 * another kind than the constraint is about, does not satisfy it.
 *
 * @throws Error that says what is wrong with a pattern or a version
 */
export function compileConstraint(constraint: FlagConstraint): Condition {
  const holds = compileTest(constraint);
  const { attribute, negate } = constraint;
  return (context, now) => holds(readAttribute(context, attribute), now) !== negate;
}

function readAttribute(context: EvaluationContext, name: string): unknown {
  return Object.hasOwn(context, name) ? context[name] : undefined;
}

function compileTest(constraint: FlagConstraint): (attribute: unknown, now: () => number) => boolean {
  switch (constraint.type) {
    case "string": {
      const { operator, ignoreCase } = constraint;
      const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
      const values = constraint.values.map(fold);
      const compare = STRING_TESTS[operator];
      return (attribute) => {
        if (typeof attribute !== "string") return false;
        const text = fold(attribute);
        return values.some((value) => compare(text, value));
      };
    }
    case "number": {
      const { operator, value } = constraint;
      return (attribute) => {
        const number = toNumber(attribute);
        return number !== undefined && isOrdered(number - value, operator);
      };
    }
    case "date": {
      const limit = Date.parse(constraint.value);
      const isBefore = constraint.operator === "before";
      const isNow = constraint.attribute === CURRENT_TIME;
      return (attribute, now) => {
        const at = attribute === undefined && isNow ? now() : toTime(attribute);
        if (Number.isNaN(at)) return false;
        return isBefore ? at < limit : at > limit;
      };
    }
    case "semver": {
      const { operator } = constraint;
      const limit = parseVersion(constraint.value);
      if (limit === undefined) throw new Error("is not a version such as 1.2.3");
      return (attribute) => {
        const version = typeof attribute === "string" ? parseVersion(attribute) : undefined;
        return version !== undefined && isOrdered(compareVersions(version, limit), operator);
      };
    }
    case "set": {
      const values: ReadonlySet<unknown> = new Set(constraint.values);
      return (attribute) =>
        Array.isArray(attribute) ? attribute.some((member) => values.has(member)) : values.has(attribute);
    }
    case "regex": {
      const matches = compileRegex(constraint.pattern, constraint);
      return (attribute) => typeof attribute === "string" && matches(attribute);
    }
  }
}

const STRING_TESTS = {
  equals: (text: string, value: string) => text === value,
  contains: (text: string, value: string) => text.includes(value),
  starts_with: (text: string, value: string) => text.startsWith(value),
  ends_with: (text: string, value: string) => text.endsWith(value),
} as const;

function isOrdered(difference: number, operator: Ordering): boolean {
  switch (operator) {
    case "eq":
      return difference === 0;
    case "gt":
      return difference > 0;
    case "gte":
      return difference >= 0;
    case "lt":
      return difference < 0;
    case "lte":
      return difference <= 0;
  }
}

function toNumber(attribute: unknown): number | undefined {
  if (typeof attribute === "number") return attribute;
  if (typeof attribute !== "string" || attribute.trim() === "") return undefined;
  const number = Number(attribute);
  return Number.isNaN(number) ? undefined : number;
}

/** Epoch milliseconds, or NaN. */
function toTime(attribute: unknown): number {
  if (typeof attribute === "number") return attribute;
  return typeof attribute === "string" ? Date.parse(attribute) : Number.NaN;
}

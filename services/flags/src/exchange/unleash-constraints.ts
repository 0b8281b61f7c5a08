import type { FlagConstraint } from "@ai-orchestra/contracts";
import type { UnleashConstraint } from "./unleash-schema.js";

/** Unleash's names of context fields that are called otherwise here. */
const ATTRIBUTES: Readonly<Record<string, string>> = { userId: "targetingKey" };

type ConstraintInput = Partial<FlagConstraint> & { readonly type: string };

/** Undefined for an operator that flags here do not have. The outcome is input for the schema, not checked by it yet. */
export function fromUnleashConstraint(constraint: UnleashConstraint): ConstraintInput | undefined {
  const { operator, contextName, value } = constraint;
  const values = constraint.values ?? [];
  const attribute = ATTRIBUTES[contextName] ?? contextName;
  const negate = constraint.inverted === true;
  const ignoreCase = constraint.caseInsensitive === true;
  const ordering = operator.slice(operator.indexOf("_") + 1).toLowerCase();
  switch (operator) {
    case "IN":
      return { type: "set", attribute, values, negate };
    case "NOT_IN":
      return { type: "set", attribute, values, negate: !negate };
    case "STR_CONTAINS":
    case "STR_STARTS_WITH":
    case "STR_ENDS_WITH":
      return { type: "string", attribute, operator: ordering as "contains", values, ignoreCase, negate };
    case "NUM_EQ":
    case "NUM_GT":
    case "NUM_GTE":
    case "NUM_LT":
    case "NUM_LTE":
      return { type: "number", attribute, operator: ordering as "eq", value: Number(value), negate };
    case "DATE_AFTER":
    case "DATE_BEFORE":
      return { type: "date", attribute, operator: ordering as "after", value: value ?? "", negate };
    case "SEMVER_EQ":
    case "SEMVER_GT":
    case "SEMVER_GTE":
    case "SEMVER_LT":
    case "SEMVER_LTE":
      return { type: "semver", attribute, operator: ordering as "eq", value: value ?? "", negate };
    case "REGEX":
      return { type: "regex", attribute, pattern: value ?? "", ignoreCase, negate };
    default:
      return undefined;
  }
}

export function toUnleashConstraint(constraint: FlagConstraint): UnleashConstraint {
  const contextName =
    Object.entries(ATTRIBUTES).find(([, attribute]) => attribute === constraint.attribute)?.[0] ?? constraint.attribute;
  const common = { contextName, inverted: constraint.negate, caseInsensitive: false };
  switch (constraint.type) {
    case "set":
      return { ...common, operator: "IN", values: constraint.values.map(String) };
    case "string": {
      const { operator, values, ignoreCase } = constraint;
      if (operator === "equals") return { ...common, operator: "IN", values };
      return { ...common, operator: `STR_${operator.toUpperCase()}`, values, caseInsensitive: ignoreCase };
    }
    case "number":
      return { ...common, operator: `NUM_${constraint.operator.toUpperCase()}`, value: String(constraint.value) };
    case "date":
      return { ...common, operator: `DATE_${constraint.operator.toUpperCase()}`, value: constraint.value };
    case "semver":
      return { ...common, operator: `SEMVER_${constraint.operator.toUpperCase()}`, value: constraint.value };
    case "regex":
      return { ...common, operator: "REGEX", value: constraint.pattern, caseInsensitive: constraint.ignoreCase };
  }
}

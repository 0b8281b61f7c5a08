import { z } from "zod";

const MAX_VALUES = 500;
/** UTF-16 units of one value that a constraint compares with. */
const MAX_VALUE_CHARS = 256;

const common = {
  /** Name of a property of the evaluation context, such as `targetingKey`, `region` or one of the caller's own. */
  attribute: z.string().min(1).max(100),
  /** Turns the outcome around. A missing attribute satisfies no constraint, and therefore every negated one. */
  negate: z.boolean().default(false),
};

const values = z.array(z.string().max(MAX_VALUE_CHARS)).min(1).max(MAX_VALUES);
const ordering = z.enum(["eq", "gt", "gte", "lt", "lte"], { error: "must be one of eq, gt, gte, lt, lte" });

/** Holds when the attribute compares like this with any of the values. */
const stringConstraintSchema = z.strictObject({
  type: z.literal("string"),
  ...common,
  operator: z.enum(["equals", "contains", "starts_with", "ends_with"], {
    error: "must be one of equals, contains, starts_with, ends_with",
  }),
  values,
  ignoreCase: z.boolean().default(false),
});

const numberConstraintSchema = z.strictObject({
  type: z.literal("number"),
  ...common,
  operator: ordering,
  value: z.number(),
});

/** The attribute is an ISO 8601 text or epoch milliseconds; `currentTime` stands for now where the context has none. */
const dateConstraintSchema = z.strictObject({
  type: z.literal("date"),
  ...common,
  operator: z.enum(["before", "after"], { error: "must be before or after" }),
  value: z.iso.datetime({ offset: true }),
});

/** Versions compare by precedence (semver.org 2.0.0): prereleases come before their release, build metadata is nothing. */
const semverConstraintSchema = z.strictObject({
  type: z.literal("semver"),
  ...common,
  operator: ordering,
  value: z.string().max(MAX_VALUE_CHARS),
});

/** Holds when the attribute is one of the values, or is a list that has one of them. */
const setConstraintSchema = z.strictObject({
  type: z.literal("set"),
  ...common,
  values: z
    .array(z.union([z.string().max(MAX_VALUE_CHARS), z.number(), z.boolean()]))
    .min(1)
    .max(MAX_VALUES),
});

/** Holds when the pattern (RE2 syntax: no backreferences, no lookaround) is found in the attribute. */
const regexConstraintSchema = z.strictObject({
  type: z.literal("regex"),
  ...common,
  pattern: z.string().min(1).max(MAX_VALUE_CHARS),
  ignoreCase: z.boolean().default(false),
});

/** One condition on the evaluation context. */
export const flagConstraintSchema = z.discriminatedUnion(
  "type",
  [
    stringConstraintSchema,
    numberConstraintSchema,
    dateConstraintSchema,
    semverConstraintSchema,
    setConstraintSchema,
    regexConstraintSchema,
  ],
  { error: unknownType },
);

export type FlagConstraint = z.output<typeof flagConstraintSchema>;

/** All of them must hold. */
export const flagConstraintsSchema = z.array(flagConstraintSchema).max(32);

function unknownType(issue: { code: string }): string | undefined {
  return issue.code === "invalid_union" ? "must be one of string, number, date, semver, set, regex" : undefined;
}

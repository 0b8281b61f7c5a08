import {
  flagDefinitionSchema,
  flagSegmentSchema,
  OrchestraError,
  type ErrorDetail,
  type FlagDefinition,
  type FlagSegment,
} from "@ai-orchestra/contracts";
import type { z } from "zod";

/** A value, or everything that is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problems: ErrorDetail[] };

/** Problems that one answer names, at most. */
const MAX_PROBLEMS = 200;

export function parseDefinition(input: unknown, key?: string): Parsed<FlagDefinition> {
  return check(flagDefinitionSchema, input, "key", key);
}

export function parseSegment(input: unknown, name?: string): Parsed<FlagSegment> {
  return check(flagSegmentSchema, input, "name", name);
}

/** `invalid_request` that lists what is wrong. */
export function refuse(what: string, problems: readonly ErrorDetail[]): OrchestraError {
  const [first] = problems;
  const where = first === undefined ? "" : `: ${first.path === "" ? "" : `${first.path} `}${first.message}`;
  return new OrchestraError("invalid_request", `${what} is not valid${where}`, {
    details: problems.slice(0, MAX_PROBLEMS),
  });
}

/** @param expected the name that stands in the path; a value without one gets it. */
function check<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  nameField: string,
  expected: string | undefined,
): Parsed<z.output<Schema>> {
  const isObject = typeof input === "object" && input !== null && !Array.isArray(input);
  const parsed = schema.safeParse(isObject && expected !== undefined ? { [nameField]: expected, ...input } : input);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue): ErrorDetail[] => {
      const path = issue.path.map(String).join(".");
      if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
      return issue.keys.map((key) => ({ path: path === "" ? key : `${path}.${key}`, message: "is not a known field" }));
    });
    return { problems };
  }
  const given = isObject ? (input as Record<string, unknown>)[nameField] : undefined;
  if (expected !== undefined && given !== undefined && given !== expected) {
    return { problems: [{ path: nameField, message: `is not the ${expected} of the path` }] };
  }
  return { value: parsed.data };
}

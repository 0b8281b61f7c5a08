import { flagDefinitionSchema, type FlagDefinitionInput } from "@ai-orchestra/contracts";
import { expect, test } from "vitest";
import { findFlagProblems } from "./find-flag-problems.js";

function problemsOf(input: Omit<FlagDefinitionInput, "key" | "status">, others: FlagDefinitionInput[] = []) {
  const flags = new Map(others.map((other) => [other.key, flagDefinitionSchema.parse(other)]));
  return findFlagProblems(flagDefinitionSchema.parse({ key: "f", status: "conditional", ...input }), {
    findFlag: (key) => flags.get(key),
    hasSegment: (name) => name === "known",
  });
}

test.each([
  ["a backreference", "(a)\\1"],
  ["a lookahead", "a(?=b)"],
  ["too many repetitions", "((a{100}){10}){10}"],
  ["too large a program", "(abcdefghij){150}"],
  ["an open bracket", "(a"],
])("refuses a pattern with %s", (_what, pattern) => {
  expect(problemsOf({ constraints: [{ type: "regex", attribute: "id", pattern }] })).toMatchObject([
    { path: "constraints.0.pattern" },
  ]);
});

test("names what it refers to that is not there", () => {
  const problems = problemsOf(
    {
      segments: ["known", "unknown"],
      prerequisites: [{ flag: "nothing" }, { flag: "other", variant: "red" }],
    },
    [{ key: "other", status: "enabled" }],
  );
  expect(problems.map(({ path }) => path)).toEqual(["segments.1", "prerequisites.0.flag", "prerequisites.1.variant"]);
});

test("finds a circle of prerequisites and shows the way", () => {
  const problems = problemsOf({ prerequisites: [{ flag: "a" }] }, [
    { key: "a", status: "enabled", prerequisites: [{ flag: "b" }] },
    { key: "b", status: "enabled", prerequisites: [{ flag: "f" }] },
  ]);
  expect(problems).toEqual([{ path: "prerequisites", message: "go round in a circle: f -> a -> b -> f" }]);
});

test("refuses prerequisites that multiply", () => {
  const others = Array.from({ length: 8 }, (_, level) => ({
    key: `level-${level}`,
    status: "enabled" as const,
    prerequisites: level === 0 ? [] : [{ flag: `level-${level - 1}` }, { flag: `level-${level - 1}` }],
  }));
  expect(problemsOf({ prerequisites: [{ flag: "level-7" }] }, others)).toMatchObject([{ path: "prerequisites" }]);
});

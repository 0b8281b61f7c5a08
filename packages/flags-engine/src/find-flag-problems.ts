import {
  FLAG_LIMITS,
  type ErrorDetail,
  type FlagConstraint,
  type FlagDefinition,
  type FlagSegment,
} from "@ai-orchestra/contracts";
import { compileConstraint } from "./constraints/compile-constraint.js";

/** What a definition may refer to: all flags and segments as they would be with it. */
export interface FlagWorld {
  findFlag(key: string): FlagDefinition | undefined;
  hasSegment(name: string): boolean;
}

/**
 * What a definition that fits the schema still gets wrong: patterns and versions that cannot be used, flags and
 * segments that are not there, prerequisites that go round in a circle, its size. Empty when nothing is wrong.
 */
export function findFlagProblems(definition: FlagDefinition, world: FlagWorld): ErrorDetail[] {
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  return [
    ...(bytes > FLAG_LIMITS.definitionBytes
      ? [{ path: "", message: `is ${bytes} bytes of JSON, more than ${FLAG_LIMITS.definitionBytes}` }]
      : []),
    ...findConstraintProblems(definition.constraints, "constraints"),
    ...findUnknownSegments(definition.segments, "segments", world),
    ...definition.schedule.flatMap(({ set }, index) => [
      ...findConstraintProblems(set.constraints ?? [], `schedule.${index}.set.constraints`),
      ...findUnknownSegments(set.segments ?? [], `schedule.${index}.set.segments`, world),
    ]),
    ...findPrerequisiteProblems(definition, world),
  ];
}

export function findSegmentProblems(segment: FlagSegment): ErrorDetail[] {
  return findConstraintProblems(segment.constraints, "constraints");
}

function findConstraintProblems(constraints: readonly FlagConstraint[], path: string): ErrorDetail[] {
  return constraints.flatMap((constraint, index) => {
    try {
      compileConstraint(constraint);
      return [];
    } catch (error) {
      const field = constraint.type === "regex" ? "pattern" : "value";
      return [{ path: `${path}.${index}.${field}`, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}

function findUnknownSegments(names: readonly string[], path: string, world: FlagWorld): ErrorDetail[] {
  return names.flatMap((name, index) =>
    world.hasSegment(name) ? [] : [{ path: `${path}.${index}`, message: `there is no segment ${name}` }],
  );
}

function findPrerequisiteProblems(definition: FlagDefinition, world: FlagWorld): ErrorDetail[] {
  const find = (key: string) => (key === definition.key ? definition : world.findFlag(key));
  const problems = definition.prerequisites.flatMap(({ flag, variant }, index): ErrorDetail[] => {
    const path = `prerequisites.${index}`;
    const other = find(flag);
    if (other === undefined) return [{ path: `${path}.flag`, message: `there is no flag ${flag}` }];
    const variants = other.variants.length === 0 ? ["on"] : other.variants.map(({ name }) => name);
    return variant === undefined || variants.includes(variant)
      ? []
      : [{ path: `${path}.variant`, message: `${flag} has no variant ${variant}, but ${variants.join(", ")}` }];
  });
  const cycle = findCycle(definition.key, find);
  if (cycle !== undefined) {
    problems.push({ path: "prerequisites", message: `go round in a circle: ${cycle.join(" -> ")}` });
  } else {
    const count = countEvaluations(definition.key, find);
    const limit = FLAG_LIMITS.prerequisiteEvaluations;
    if (count > limit)
      problems.push({ path: "prerequisites", message: `ask ${count} flags in all, more than ${limit}` });
  }
  return problems;
}

type FindFlag = (key: string) => FlagDefinition | undefined;

/** The way from a flag over its prerequisites back to itself; undefined when there is none. */
function findCycle(start: string, find: FindFlag): string[] | undefined {
  const seen = new Set<string>();
  const walk = (key: string, way: readonly string[]): string[] | undefined => {
    for (const { flag } of find(key)?.prerequisites ?? []) {
      if (flag === start) return [...way, flag];
      if (seen.has(flag)) continue;
      seen.add(flag);
      const found = walk(flag, [...way, flag]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk(start, [start]);
}

/** Prerequisites that evaluating a flag asks, each as often as it is reached; what goes round in a circle counts once. */
function countEvaluations(key: string, find: FindFlag, known = new Map<string, number>()): number {
  const before = known.get(key);
  if (before !== undefined) return before;
  known.set(key, 0);
  let count = 0;
  for (const { flag } of find(key)?.prerequisites ?? []) count += 1 + countEvaluations(flag, find, known);
  known.set(key, count);
  return count;
}

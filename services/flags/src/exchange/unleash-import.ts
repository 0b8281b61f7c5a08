import type { ErrorDetail, FlagDefinition, FlagSegment } from "@ai-orchestra/contracts";
import { parseDefinition, parseSegment } from "../definitions/parse-definition.js";
import { below, type ReadDocument } from "./flag-document.js";
import { fromUnleashConstraint } from "./unleash-constraints.js";
import {
  unleashDocumentSchema,
  type UnleashConstraint,
  type UnleashDocument,
  type UnleashStrategy,
} from "./unleash-schema.js";
import { fromUnleashVariants } from "./unleash-variants.js";

/** Notes while a document is read. */
interface Notes {
  readonly problems: ErrorDetail[];
  readonly ignored: ErrorDetail[];
}

/**
 * Reads an Unleash feature export. What flags here cannot mean is a problem; what they can do without (types, legal
 * values, a stickiness other than the user) is left out and said so.
 */
export function readUnleashDocument(document: unknown): ReadDocument {
  const parsed = unleashDocumentSchema.safeParse(document);
  const notes: Notes = { problems: [], ignored: [] };
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => ({ path: path.map(String).join("."), message }));
    return { flags: [], segments: [], paths: new Map(), problems, ignored: [] };
  }
  const { data } = parsed;
  const environment = chooseEnvironment(data, notes);
  const segments = readSegments(data, notes);
  const paths = new Map<string, string>();
  const flags = data.features.flatMap((feature, index): FlagDefinition[] => {
    const path = `features.${index}`;
    if (feature.archived === true) {
      notes.ignored.push({ path, message: `${feature.name} is archived` });
      return [];
    }
    const read = parseDefinition(readFeature(data, feature, { path, environment, notes }));
    if ("problems" in read) {
      notes.problems.push(...read.problems.map((problem) => below(path, problem)));
      return [];
    }
    paths.set(read.value.key, path);
    return [read.value];
  });
  return { flags, segments, paths, ...notes };
}

/** Flags here have one environment: the first that the document names. */
function chooseEnvironment({ featureEnvironments }: UnleashDocument, { ignored }: Notes): string | undefined {
  const [first, ...others] = new Set(featureEnvironments.flatMap(({ environment }) => environment ?? []));
  for (const other of others) {
    ignored.push({ path: "featureEnvironments", message: `the environment ${other}: ${first} is read` });
  }
  return first;
}

function readSegments({ segments }: UnleashDocument, { problems }: Notes): FlagSegment[] {
  return segments.flatMap(({ name, constraints }, index) => {
    // Unleash itself exports segments without what they consist of: one of that name has to be here already.
    if (constraints === undefined) return [];
    const path = `segments.${index}`;
    const read = parseSegment({ name, constraints: readConstraints(constraints, path, problems) });
    if ("value" in read) return [read.value];
    problems.push(...read.problems.map((problem) => below(path, problem)));
    return [];
  });
}

function readFeature(
  document: UnleashDocument,
  { name, description }: UnleashDocument["features"][number],
  { path, environment, notes }: { path: string; environment: string | undefined; notes: Notes },
): Record<string, unknown> {
  const isHere = (part: { featureName: string; environment?: string | null | undefined }): boolean =>
    part.featureName === name && (part.environment ?? environment) === environment;
  const state = document.featureEnvironments.find(isHere);
  const strategies = document.featureStrategies.filter((strategy) => isHere(strategy) && strategy.disabled !== true);
  const variants = strategies.find((strategy) => (strategy.variants ?? []).length > 0)?.variants ?? state?.variants;
  return {
    key: name,
    ...(description ? { description } : {}),
    status: state?.enabled === false ? "disabled" : "conditional",
    ...readStrategies(strategies, document, path, notes),
    ...fromUnleashVariants(variants ?? []),
    prerequisites: readPrerequisites(document, name, path, notes),
    tags: document.featureTags.flatMap(({ featureName, tagValue }) => (featureName === name ? [tagValue] : [])),
  };
}

function readPrerequisites({ dependencies }: UnleashDocument, name: string, path: string, { problems }: Notes) {
  return dependencies
    .filter(({ feature }) => feature === name)
    .flatMap((entry) => entry.dependencies)
    .map(({ feature, enabled, variants }) => {
      if (enabled === false) {
        problems.push({ path, message: `depends on ${feature} being off, which prerequisites cannot say` });
      }
      if ((variants ?? []).length > 1) {
        problems.push({ path, message: `depends on one of several variants of ${feature}: one can be named` });
      }
      return { flag: feature, variant: variants?.[0] };
    });
}

/** Unleash has a flag on where one of its strategies is; here a flag has one, and a list of users may precede it. */
function readStrategies(
  strategies: readonly UnleashStrategy[],
  { segments }: UnleashDocument,
  path: string,
  notes: Notes,
): Record<string, unknown> {
  const listed = strategies.filter((strategy) => strategy.name === "userWithId" && !isTargeted(strategy));
  const others = strategies.filter((strategy) => !listed.includes(strategy));
  const [strategy, ...rest] = others;
  if (rest.length > 0 || (listed.length > 0 && strategy !== undefined && isTargeted(strategy))) {
    const names = strategies.map(({ name }) => name).join(", ");
    notes.problems.push({ path, message: `has several strategies that cannot be said as one: ${names}` });
    return {};
  }
  const users = listed.flatMap(({ parameters }) => splitList(parameters?.["userIds"]));
  const rollout = strategy === undefined ? undefined : readRollout(strategy, path, notes);
  if (users.length > 0) {
    const percentage =
      strategy === undefined ? 0 : rollout?.["strategy"] === "percentage" ? rollout["percentage"] : 100;
    return { rollout: { strategy: "allowlist", users, percentage } };
  }
  if (strategy === undefined) return {};
  const names = (strategy.segments ?? []).map((id) => segments.find((segment) => segment.id === id)?.name ?? `${id}`);
  if (names.length > 1) notes.problems.push({ path, message: "needs several segments at once: one can be named" });
  return {
    constraints: readConstraints(strategy.constraints ?? [], path, notes.problems),
    segments: names.slice(0, 1),
    ...(rollout === undefined ? {} : { rollout }),
  };
}

function readRollout({ name, parameters }: UnleashStrategy, path: string, notes: Notes) {
  const given = parameters ?? {};
  const { stickiness = "default" } = given;
  if (!["default", "userId"].includes(stickiness)) {
    notes.ignored.push({ path, message: `the stickiness ${stickiness}: shares go by the targeting key` });
  }
  switch (name) {
    case "default":
      return undefined;
    case "flexibleRollout":
      return { strategy: "percentage", percentage: Number(given["rollout"] ?? 100) };
    case "gradualRolloutUserId":
    case "gradualRolloutSessionId":
    case "gradualRolloutRandom":
      return { strategy: "percentage", percentage: Number(given["percentage"] ?? 100) };
    case "userWithId":
      return { strategy: "allowlist", users: splitList(given["userIds"]) };
    case "applicationHostname":
      return { strategy: "canary", servers: splitList(given["hostNames"]) };
    default:
      notes.problems.push({ path, message: `has the strategy ${name}, which flags here do not have` });
      return undefined;
  }
}

function readConstraints(constraints: readonly UnleashConstraint[], path: string, problems: ErrorDetail[]) {
  return constraints.flatMap((constraint) => {
    const read = fromUnleashConstraint(constraint);
    if (read !== undefined) return [read];
    problems.push({ path, message: `has the operator ${constraint.operator}, which flags here do not have` });
    return [];
  });
}

function isTargeted({ constraints, segments }: UnleashStrategy): boolean {
  return (constraints ?? []).length > 0 || (segments ?? []).length > 0;
}

function splitList(text = ""): string[] {
  return text.split(",").flatMap((entry) => (entry.trim() === "" ? [] : [entry.trim()]));
}

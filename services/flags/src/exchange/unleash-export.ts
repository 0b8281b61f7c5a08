import type { ErrorDetail, FlagDefinition, FlagRollout, FlagSegment } from "@ai-orchestra/contracts";
import { toUnleashConstraint } from "./unleash-constraints.js";
import type { UnleashConstraint, UnleashDocument, UnleashStrategy } from "./unleash-schema.js";
import { toUnleashVariants } from "./unleash-variants.js";

const ENVIRONMENT = "default";

export interface UnleashExport {
  /** Complete enough for Unleash's import: with the lists that it asks for and that are empty here. */
  readonly document: UnleashDocument & { readonly tagTypes: unknown[]; readonly contextFields: unknown[] };
  /** What Unleash's format cannot say, by flag. */
  readonly lossy: ErrorDetail[];
}

/** Writes flags as an Unleash feature export, each with one strategy. `now` decides the share of gradual rollouts. */
export function writeUnleashDocument(
  flags: readonly FlagDefinition[],
  segments: readonly FlagSegment[],
  now: number,
): UnleashExport {
  const lossy: ErrorDetail[] = [];
  const ids = new Map(segments.map(({ name }, index) => [name, index + 1]));
  const document = {
    features: flags.map(({ key, description = "" }) => ({
      name: key,
      description,
      type: "release",
      project: "default",
      stale: false,
      impressionData: false,
      archived: false,
    })),
    featureStrategies: flags.map((flag) => writeStrategy(flag, ids, now, lossy)),
    featureEnvironments: flags.map(({ key, status, killSwitch, variants, offVariant }) => ({
      featureName: key,
      environment: ENVIRONMENT,
      enabled: status !== "disabled" && !killSwitch,
      variants: toUnleashVariants(variants, offVariant),
    })),
    featureTags: flags.flatMap(({ key, tags }) =>
      tags.map((tagValue) => ({ featureName: key, tagType: "simple", tagValue })),
    ),
    tagTypes: [{ name: "simple", description: "Used to simplify filtering of features", icon: "#" }],
    contextFields: [],
    segments: segments.map(({ name, constraints }) => ({
      id: ids.get(name) ?? 0,
      name,
      constraints: constraints.map(toUnleashConstraint),
    })),
    dependencies: flags.flatMap(({ key, prerequisites }) =>
      prerequisites.length === 0
        ? []
        : [
            {
              feature: key,
              dependencies: prerequisites.map(({ flag, variant }) => ({
                feature: flag,
                enabled: true,
                ...(variant === undefined ? {} : { variants: [variant] }),
              })),
            },
          ],
    ),
  };
  for (const { key, schedule } of flags) {
    if (schedule.length > 0) lossy.push({ path: key, message: "its scheduled changes are left out" });
  }
  return { document, lossy };
}

function writeStrategy(
  flag: FlagDefinition,
  segmentIds: ReadonlyMap<string, number>,
  now: number,
  lossy: ErrorDetail[],
): UnleashStrategy {
  const isConditional = flag.status === "conditional";
  const rollout = isConditional ? flag.rollout : undefined;
  if (flag.segments.length > 1) {
    lossy.push({ path: flag.key, message: "is for any of its segments; Unleash asks for all of them" });
  }
  const constraints = isConditional ? flag.constraints.map(toUnleashConstraint) : [];
  return {
    featureName: flag.key,
    ...writeRollout(rollout, flag.key, now, lossy),
    constraints: [...constraints, ...writeMembership(rollout, flag.key, lossy)],
    segments: isConditional ? flag.segments.flatMap((name) => segmentIds.get(name) ?? []) : [],
    variants: [],
  };
}

function writeRollout(rollout: FlagRollout | undefined, key: string, now: number, lossy: ErrorDetail[]) {
  switch (rollout?.strategy) {
    case "percentage":
      return share(key, rollout.percentage);
    case "gradual": {
      lossy.push({ path: key, message: "its gradual rollout stands still at today's share" });
      const current = rollout.steps.findLast(({ at }) => Date.parse(at) <= now);
      return share(key, current?.percentage ?? 0);
    }
    case "allowlist":
      if (rollout.groups.length + rollout.percentage > 0) {
        lossy.push({ path: key, message: "the groups and the share after its list of users are left out" });
      }
      return { name: "userWithId", parameters: { userIds: rollout.users.join(",") } };
    case "denylist":
    case "canary":
    case "ring":
    case undefined:
      return share(key, 100);
  }
}

function share(key: string, percentage: number) {
  return {
    name: "flexibleRollout",
    parameters: { groupId: key, rollout: String(percentage), stickiness: "default" },
  };
}

/** Strategies that Unleash does not have, as constraints. */
function writeMembership(rollout: FlagRollout | undefined, key: string, lossy: ErrorDetail[]): UnleashConstraint[] {
  const member = (contextName: string, values: string[], inverted = false): UnleashConstraint[] =>
    values.length === 0 ? [] : [{ contextName, operator: "IN", values, inverted, caseInsensitive: false }];
  switch (rollout?.strategy) {
    case "denylist":
      return [...member("userId", rollout.users, true), ...member("groups", rollout.groups, true)];
    case "canary": {
      const { regions, servers, percentage } = rollout;
      if (percentage > 0 || (regions.length > 0 && servers.length > 0)) {
        lossy.push({ path: key, message: "its canary is only the regions, or else the servers" });
      }
      return regions.length > 0 ? member("region", regions) : member("server", servers);
    }
    case "ring": {
      lossy.push({ path: key, message: "its rings are only known by the context's ring" });
      const names = rollout.rings.map(({ name }) => name);
      return member("ring", names.slice(0, names.indexOf(rollout.upTo) + 1));
    }
    case "percentage":
    case "gradual":
    case "allowlist":
    case undefined:
      return [];
  }
}

import { FLAG_LIMITS, type ErrorDetail, type FlagDefinition } from "@ai-orchestra/contracts";
import { findFlagProblems, type FlagWorld } from "@ai-orchestra/flags-engine";
import type { FlagStore } from "./flag-store.js";

/** The store's flags as they would be after some changes; null: deleted. */
export function overlayFlags(
  store: FlagStore,
  flags: ReadonlyMap<string, FlagDefinition | null>,
  segmentNames: ReadonlySet<string> = new Set(),
): FlagWorld {
  return {
    findFlag: (key) => {
      const changed = flags.get(key);
      return changed === undefined ? store.findFlag(key) : (changed ?? undefined);
    },
    hasSegment: (name) => segmentNames.has(name) || store.hasSegment(name),
  };
}

/**
 * What would be wrong with other flags if one changed like this: their prerequisites must still be there, have the
 * variants they name, and not go round in a circle.
 */
export function findDependentProblems(store: FlagStore, key: string, world: FlagWorld): ErrorDetail[] {
  return store
    .listFlags()
    .filter(({ flag }) => flag.key !== key && flag.prerequisites.some((prerequisite) => prerequisite.flag === key))
    .flatMap(({ flag }) =>
      findFlagProblems(flag, world)
        .filter(({ path }) => path.startsWith("prerequisites"))
        .map(({ path, message }) => ({ path: "key", message: `the flag ${flag.key} needs it: ${path} ${message}` })),
    );
}

/** What adding these would break of the bounds. */
export function findSizeProblems(
  store: FlagStore,
  added: { readonly flags: number; readonly segments: number; readonly bytes: number },
): ErrorDetail[] {
  const problems: ErrorDetail[] = [];
  if (store.listFlags().length + added.flags > FLAG_LIMITS.flags) {
    problems.push({ path: "", message: `there may be ${FLAG_LIMITS.flags} flags at most` });
  }
  if (store.listSegments().length + added.segments > FLAG_LIMITS.segments) {
    problems.push({ path: "", message: `there may be ${FLAG_LIMITS.segments} segments at most` });
  }
  if (store.countBytes() + added.bytes > FLAG_LIMITS.totalBytes) {
    problems.push({ path: "", message: `all definitions may have ${FLAG_LIMITS.totalBytes} bytes at most` });
  }
  return problems;
}

/** A parsed version; `prerelease` is empty for a release. */
export interface Version {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: readonly (string | number)[];
}

const VERSION_PATTERN = /^v?(\d{1,15})\.(\d{1,15})\.(\d{1,15})(?:-([0-9A-Za-z-.]+))?(?:\+[0-9A-Za-z-.]+)?$/;

/** Reads a version of semver.org 2.0.0, with an optional leading `v`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = text.length > 256 ? null : VERSION_PATTERN.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, prerelease] = match;
  const identifiers = prerelease === undefined ? [] : prerelease.split(".");
  if (identifiers.includes("")) return undefined;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    prerelease: identifiers.map((identifier) => (/^\d+$/.test(identifier) ? Number(identifier) : identifier)),
  };
}

/** Negative when `one` comes before `other`, 0 when they have the same precedence. */
export function compareVersions(one: Version, other: Version): number {
  for (let index = 0; index < 3; index += 1) {
    const difference = (one.numbers[index] ?? 0) - (other.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.prerelease.length === 0 || other.prerelease.length === 0) {
    return other.prerelease.length - one.prerelease.length;
  }
  const shared = Math.min(one.prerelease.length, other.prerelease.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = compareIdentifiers(one.prerelease[index] ?? "", other.prerelease[index] ?? "");
    if (difference !== 0) return difference;
  }
  return one.prerelease.length - other.prerelease.length;
}

/** Numbers by size and before words; words by their characters. */
function compareIdentifiers(one: string | number, other: string | number): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "number") return -1;
  if (typeof other === "number") return 1;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

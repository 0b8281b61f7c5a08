import { describe, expect, test } from "vitest";
import { compareVersions, parseVersion } from "./semver.js";

describe("versions", () => {
  test("are ordered as semver.org says", () => {
    const ordered = [
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-beta",
      "1.0.0-beta.2",
      "1.0.0-beta.11",
      "1.0.0-rc.1",
      "1.0.0",
      "1.2.0",
      "1.10.0",
      "2.0.0",
    ].map((text) => parseVersion(text)!);
    for (const [index, version] of ordered.entries()) {
      for (const [other, later] of ordered.entries()) {
        expect(Math.sign(compareVersions(version, later))).toBe(Math.sign(index - other));
      }
    }
  });

  test("may begin with v; build metadata counts for nothing", () => {
    expect(compareVersions(parseVersion("v1.2.3+build.7")!, parseVersion("1.2.3")!)).toBe(0);
  });

  test.each(["1.2", "1.2.3-", "1.2.3-a..b", "a.b.c", "", "1.2.3.4"])("%j is none", (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });
});

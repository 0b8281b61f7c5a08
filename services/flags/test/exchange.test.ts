import { flagsExport, flagsGet, flagsImport, flagsList, type FlagDefinition } from "@ai-orchestra/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFlagsHarness, type FlagsHarness } from "./flags-harness.js";

let harness: FlagsHarness;

beforeAll(async () => {
  harness = await startFlagsHarness();
  await harness.startInstance();
});

afterAll(() => harness.stop());

const importDocument = (document: unknown, format: "json" | "unleash" = "json", dryRun = false) =>
  harness.bus.call(flagsImport, { format, document, dryRun, by: "test" });

async function definitionOf(key: string): Promise<FlagDefinition> {
  return (await harness.bus.call(flagsGet, { key })).flag;
}

describe("an import", () => {
  test("half of which is wrong writes nothing and lists all that is wrong", async () => {
    const before = await harness.bus.call(flagsList, {});
    const document = {
      version: 1,
      flags: [
        { key: "good-one", status: "enabled" },
        { key: "bad-share", status: "conditional", rollout: { strategy: "percentage", percentage: 101 } },
        { key: "good-two", status: "enabled", prerequisites: [{ flag: "good-one" }] },
        { key: "bad-need", status: "enabled", prerequisites: [{ flag: "nowhere" }] },
        { key: "good-one", status: "disabled" },
      ],
    };
    const refusal: unknown = await importDocument(document).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid_request" });
    const { details } = refusal as { details: { path: string }[] };
    expect(details.map(({ path }) => path).toSorted()).toEqual([
      "flags.1.rollout.percentage",
      "flags.3.prerequisites.0.flag",
      "flags.4.key",
    ]);
    expect(await harness.bus.call(flagsList, {})).toEqual(before);
  });

  test("creates and updates, in an order in which nobody misses a prerequisite, and says what became of each", async () => {
    const document = {
      version: 1,
      segments: [{ name: "beta", constraints: [{ type: "set", attribute: "groups", values: ["beta"] }] }],
      flags: [
        { key: "needs", status: "conditional", segments: ["beta"], prerequisites: [{ flag: "needed" }] },
        { key: "needed", status: "enabled" },
      ],
    };
    expect(await importDocument(document, "json", true)).toMatchObject({ created: ["beta", "needed", "needs"] });
    await expect(definitionOf("needed")).rejects.toMatchObject({ code: "not_found" });
    expect(await importDocument(document)).toMatchObject({ created: ["beta", "needed", "needs"], updated: [] });
    expect(await importDocument(document)).toMatchObject({ created: [], unchanged: ["beta", "needed", "needs"] });
    const changed = { ...document, flags: [{ ...document.flags[1], status: "disabled" }] };
    expect(await importDocument(changed)).toMatchObject({ updated: ["needed"], unchanged: ["beta"] });
  });

  test("of an export changes nothing", async () => {
    const { document, lossy } = await harness.bus.call(flagsExport, { format: "json" });
    expect(lossy).toEqual([]);
    expect(await importDocument(document)).toMatchObject({ created: [], updated: [] });
  });

  test.each([
    ["no list of flags", { version: 1 }, "flags"],
    ["another version", { version: 2, flags: [] }, "version"],
    ["no object", "flags", "version"],
  ])("of %s is refused", async (_what, document, path) => {
    const refusal: unknown = await importDocument(document).catch((error: unknown) => error);
    expect((refusal as { details: { path: string }[] }).details.map((detail) => detail.path)).toContain(path);
  });
});

describe("an Unleash feature export", () => {
  const unleash = {
    features: [
      { name: "new-ui", description: "the new one", type: "release", project: "default" },
      { name: "beta-search", type: "experiment", project: "default" },
      { name: "old", type: "release", archived: true },
    ],
    featureStrategies: [
      {
        id: "1",
        featureName: "new-ui",
        name: "flexibleRollout",
        parameters: { groupId: "new-ui", rollout: "25", stickiness: "userId" },
        constraints: [
          { contextName: "country", operator: "IN", values: ["at", "ch"], inverted: false },
          { contextName: "userId", operator: "STR_ENDS_WITH", values: ["@acme.com"], caseInsensitive: true },
          { contextName: "appVersion", operator: "SEMVER_GT", value: "1.2.3" },
        ],
        segments: [],
      },
      { id: "2", featureName: "beta-search", name: "userWithId", parameters: { userIds: "ann, bob" }, constraints: [] },
      {
        id: "3",
        featureName: "beta-search",
        name: "flexibleRollout",
        parameters: { rollout: "10", stickiness: "random", groupId: "x" },
        constraints: [],
      },
    ],
    featureEnvironments: [
      { featureName: "new-ui", environment: "production", enabled: true, variants: [] },
      {
        featureName: "beta-search",
        environment: "production",
        enabled: false,
        variants: [
          { name: "a", weight: 500, weightType: "variable", payload: { type: "string", value: "A" } },
          { name: "b", weight: 500, weightType: "variable", payload: { type: "string", value: "B" } },
        ],
      },
    ],
    featureTags: [{ featureName: "new-ui", tagType: "simple", tagValue: "ui" }],
    segments: [],
    tagTypes: [],
    contextFields: [],
    dependencies: [{ feature: "beta-search", dependencies: [{ feature: "new-ui", enabled: true }] }],
  };

  test("becomes flags that mean the same, and what is left out is said", async () => {
    const outcome = await importDocument(unleash, "unleash");
    expect(outcome.created).toEqual(["new-ui", "beta-search"]);
    expect(outcome.ignored.map(({ message }) => message)).toEqual([
      "the stickiness random: shares go by the targeting key",
      "old is archived",
    ]);
    expect(await definitionOf("new-ui")).toMatchObject({
      status: "conditional",
      tags: ["ui"],
      rollout: { strategy: "percentage", percentage: 25 },
      constraints: [
        { type: "set", attribute: "country", values: ["at", "ch"] },
        { type: "string", attribute: "targetingKey", operator: "ends_with", ignoreCase: true },
        { type: "semver", operator: "gt", value: "1.2.3" },
      ],
    });
    expect(await definitionOf("beta-search")).toMatchObject({
      status: "disabled",
      rollout: { strategy: "allowlist", users: ["ann", "bob"], percentage: 10 },
      prerequisites: [{ flag: "new-ui" }],
      variants: [
        { name: "a", value: "A", weight: 50 },
        { name: "b", value: "B", weight: 50 },
        { name: "disabled", value: "", weight: 0 },
      ],
      offVariant: "disabled",
    });
  });

  test("that says what flags here cannot is refused as a whole", async () => {
    const strategies = [
      { featureName: "new-ui", name: "remoteAddress", parameters: { IPs: "10.0.0.1" }, constraints: [] },
    ];
    await expect(importDocument({ ...unleash, featureStrategies: strategies }, "unleash")).rejects.toMatchObject({
      code: "invalid_request",
      details: [{ path: "features.0", message: "has the strategy remoteAddress, which flags here do not have" }],
    });
  });

  test("of our own flags can be imported again", async () => {
    const { document } = await harness.bus.call(flagsExport, { format: "unleash" });
    const before = await definitionOf("new-ui");
    await importDocument(document, "unleash");
    expect(await definitionOf("new-ui")).toEqual(before);
  });
});

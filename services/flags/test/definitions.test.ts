import {
  flagsDelete,
  flagsGet,
  flagsHistory,
  flagsList,
  flagsPatch,
  flagsPut,
  flagsRollback,
  flagsSegmentDelete,
  flagsSegmentPut,
} from "@ai-orchestra/contracts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFlagsHarness, type FlagsHarness } from "./flags-harness.js";

let harness: FlagsHarness;

beforeAll(async () => {
  harness = await startFlagsHarness();
  await Promise.all([harness.startInstance(), harness.startInstance()]);
});

afterAll(() => harness.stop());

const by = "ann";
const put = (key: string, flag: unknown, expectedRevision?: number) =>
  harness.bus.call(flagsPut, { key, flag, expectedRevision, by });

describe("the product's flags", () => {
  test("are there after the first start, once, although two replicas started at the same time", async () => {
    const { flags } = await harness.bus.call(flagsList, {});
    const product = flags.filter(({ change }) => change.by === "flags").map(({ flag }) => flag.key);
    expect(product).toEqual([
      "advanced_memory",
      "ai_optimization",
      "circuit_breakers",
      "enhanced_metrics",
      "graceful_degradation",
      "swarm_intelligence",
      "v2_api",
      "websocket_streaming",
    ]);
    const { entries } = await harness.bus.call(flagsHistory, { key: "v2_api" });
    expect(entries).toHaveLength(1);
  });

  test("keep what somebody made of them, also when a replica starts later", async () => {
    await harness.bus.call(flagsPatch, { key: "v2_api", changes: { status: "disabled" }, by });
    await harness.bus.call(flagsDelete, { key: "ai_optimization", by });
    const stop = await harness.startInstance();
    expect(await harness.bus.call(flagsGet, { key: "v2_api" })).toMatchObject({ flag: { status: "disabled" } });
    await expect(harness.bus.call(flagsGet, { key: "ai_optimization" })).rejects.toMatchObject({ code: "not_found" });
    await stop();
  });
});

describe("a definition that is wrong", () => {
  test.each([
    ["an unknown strategy", { status: "conditional", rollout: { strategy: "magic" } }, "rollout.strategy"],
    [
      "a percentage of 101",
      { status: "conditional", rollout: { strategy: "percentage", percentage: 101 } },
      "rollout.percentage",
    ],
    [
      "a pattern outside of RE2",
      { status: "conditional", constraints: [{ type: "regex", attribute: "a", pattern: "(a+)+(?!b)" }] },
      "constraints.0.pattern",
    ],
    [
      "a pattern that is a bomb",
      { status: "conditional", constraints: [{ type: "regex", attribute: "a", pattern: "((a{100}){10}){10}" }] },
      "constraints.0.pattern",
    ],
    ["a field that nobody knows", { status: "enabled", percentge: 5 }, "percentge"],
    [
      "weights that do not add up",
      { status: "enabled", variants: [{ name: "a", value: true, weight: 90 }] },
      "variants",
    ],
    [
      "steps that take somebody out",
      {
        status: "conditional",
        rollout: {
          strategy: "gradual",
          steps: [
            { at: "2026-01-01T00:00:00Z", percentage: 50 },
            { at: "2026-01-02T00:00:00Z", percentage: 40 },
          ],
        },
      },
      "rollout.steps.1.percentage",
    ],
    ["itself as a prerequisite", { status: "enabled", prerequisites: [{ flag: "wrong" }] }, "prerequisites"],
    ["another key than the path's", { key: "other", status: "enabled" }, "key"],
    ["a text for a definition", "on", ""],
  ])("with %s is refused, with the path and the reason", async (_what, flag, path) => {
    const refusal: unknown = await put("wrong", flag).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid_request" });
    const { details } = refusal as { details: { path: string; message: string }[] };
    expect(details.map((detail) => detail.path)).toContain(path);
    await expect(harness.bus.call(flagsGet, { key: "wrong" })).rejects.toMatchObject({ code: "not_found" });
  });

  test("with a circle of prerequisites is refused, as is taking away what others need", async () => {
    await put("base", { status: "enabled" });
    await put("upper", { status: "enabled", prerequisites: [{ flag: "base" }] });
    await expect(
      harness.bus.call(flagsPatch, { key: "base", changes: { prerequisites: [{ flag: "upper" }] }, by }),
    ).rejects.toMatchObject({ code: "invalid_request", message: expect.stringContaining("base -> upper -> base") });
    await expect(harness.bus.call(flagsDelete, { key: "base", by })).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("two writers", () => {
  test("of the same revision: one wins, the other is told there is a conflict", async () => {
    const { revision } = await put("race", { status: "enabled" });
    const outcomes = await Promise.allSettled([
      put("race", { status: "disabled" }, revision),
      put("race", { status: "conditional" }, revision),
    ]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "conflict" } });
    await expect(put("race", { status: "enabled" }, revision)).rejects.toMatchObject({ code: "conflict" });
  });

  test("that create the same flag: one wins", async () => {
    const outcomes = await Promise.allSettled([
      put("new", { status: "enabled" }, 0),
      put("new", { status: "enabled" }, 0),
    ]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("the history of a flag", () => {
  test("says who changed what from what, through deletion and rollback", async () => {
    const created = await put("story", { status: "enabled" });
    await harness.bus.call(flagsPatch, { key: "story", changes: { killSwitch: true }, by: "bob" });
    await harness.bus.call(flagsDelete, { key: "story", by: "cid" });
    const restored = await harness.bus.call(flagsRollback, { key: "story", revision: created.revision, by: "dan" });
    expect(restored).toMatchObject({ flag: { killSwitch: false }, change: { action: "rollback" } });
    const { entries } = await harness.bus.call(flagsHistory, { key: "story" });
    expect(entries.map(({ change }) => [change.action, change.by])).toEqual([
      ["rollback", "dan"],
      ["delete", "cid"],
      ["update", "bob"],
      ["create", "ann"],
    ]);
    expect(entries.map(({ before, after }) => [before?.killSwitch, after?.killSwitch])).toEqual([
      [undefined, false],
      [true, undefined],
      [false, true],
      [undefined, false],
    ]);
    for (const { change } of entries) expect(Math.abs(change.at - Date.now())).toBeLessThan(60_000);
  });

  test("has no revision that never was", async () => {
    await put("brief", { status: "enabled" });
    await expect(harness.bus.call(flagsRollback, { key: "brief", revision: 999_999, by })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(harness.bus.call(flagsHistory, { key: "never" })).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("segments", () => {
  test("are referred to by flags, and stay as long as they are", async () => {
    const segment = { constraints: [{ type: "set", attribute: "groups", values: ["beta"] }] };
    await expect(put("beta-only", { status: "conditional", segments: ["beta"] })).rejects.toMatchObject({
      details: [{ path: "segments.0", message: "there is no segment beta" }],
    });
    await harness.bus.call(flagsSegmentPut, { name: "beta", segment, by });
    await expect
      .poll(() => put("beta-only", { status: "conditional", segments: ["beta"] }).catch(() => undefined))
      .toMatchObject({ flag: { segments: ["beta"] } });
    await expect
      .poll(() =>
        harness.bus.call(flagsSegmentDelete, { name: "beta", by }).catch(({ code }: { code: string }) => code),
      )
      .toBe("conflict");
  });
});

describe("scheduled changes", () => {
  test("are made when their time comes, once, and leave the list", async () => {
    const at = new Date(Date.now() + 200).toISOString();
    const later = "2099-01-01T00:00:00.000Z";
    await put("timed", {
      status: "disabled",
      schedule: [
        { at: later, set: { killSwitch: true } },
        { at, set: { status: "conditional", rollout: { strategy: "percentage", percentage: 5 } } },
      ],
    });
    await expect
      .poll(() => harness.bus.call(flagsGet, { key: "timed" }), { timeout: 5_000 })
      .toMatchObject({ flag: { status: "conditional", schedule: [{ at: later }] }, change: { action: "schedule" } });
    const { entries } = await harness.bus.call(flagsHistory, { key: "timed" });
    expect(entries.map(({ change }) => change.action)).toEqual(["schedule", "create"]);
  });
});

import { flagDefinitionSchema, flagSegmentSchema, type FlagDefinitionInput } from "@ai-orchestra/contracts";
import { describe, expect, test } from "vitest";
import { evaluate } from "./evaluate.js";
import { FlagSet } from "./flag-set.js";

const NOW = Date.parse("2026-06-15T12:00:00Z");

function setOf(...definitions: FlagDefinitionInput[]): FlagSet {
  const flagSet = new FlagSet({ now: () => NOW });
  for (const definition of definitions) flagSet.put(flagDefinitionSchema.parse(definition), 7);
  return flagSet;
}

function evaluateOne(definition: Omit<FlagDefinitionInput, "key">, context: Record<string, unknown> = {}) {
  return evaluate(setOf({ key: "f", ...definition }), "f", context);
}

const conditional = (rest: Partial<FlagDefinitionInput>): FlagDefinitionInput => ({
  key: "f",
  status: "conditional",
  ...rest,
});

describe("status and kill switch", () => {
  test("an enabled flag is on for everybody, a disabled one off", () => {
    expect(evaluateOne({ status: "enabled" })).toEqual({
      value: true,
      variant: "on",
      reason: "STATIC",
      metadata: { revision: 7 },
    });
    expect(evaluateOne({ status: "disabled" })).toMatchObject({ value: false, variant: "off", reason: "DISABLED" });
  });

  test("the kill switch is stronger than anything", () => {
    expect(evaluateOne({ status: "enabled", killSwitch: true })).toMatchObject({ value: false, reason: "DISABLED" });
  });

  test("a flag that is not there is an error of its own", () => {
    expect(evaluate(setOf(), "nothing", {})).toMatchObject({ reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
  });
});

describe("rollouts", () => {
  type Rollout = FlagDefinitionInput["rollout"];
  const valueOf = (rollout: Rollout, context: Record<string, unknown>) =>
    evaluateOne(conditional({ rollout }), context).value;

  test("percentage: a share needs a targeting key, none and all do not", () => {
    const share = (percentage: number, context = {}) =>
      evaluateOne(conditional({ rollout: { strategy: "percentage", percentage } }), context);
    expect(share(50)).toMatchObject({ value: false, reason: "ERROR", errorCode: "TARGETING_KEY_MISSING" });
    expect(share(0)).toMatchObject({ value: false, reason: "SPLIT" });
    expect(share(100)).toMatchObject({ value: true, reason: "SPLIT" });
    expect(share(50, { targetingKey: "u" })).toMatchObject({ reason: "SPLIT" });
  });

  test("allowlist: users and groups, then a share", () => {
    const list = { strategy: "allowlist", users: ["ann"], groups: ["staff"] } satisfies Rollout;
    expect(valueOf(list, { targetingKey: "ann" })).toBe(true);
    expect(valueOf(list, { targetingKey: "bob", groups: ["x", "staff"] })).toBe(true);
    expect(valueOf(list, { targetingKey: "bob", groups: "staff" })).toBe(true);
    expect(valueOf(list, { targetingKey: "bob" })).toBe(false);
    expect(valueOf({ ...list, percentage: 100 }, { targetingKey: "bob" })).toBe(true);
  });

  test("denylist: everybody but those who are listed", () => {
    const list = { strategy: "denylist", users: ["ann"], groups: ["banned"] } satisfies Rollout;
    expect(valueOf(list, { targetingKey: "ann" })).toBe(false);
    expect(valueOf(list, { targetingKey: "bob", groups: ["banned"] })).toBe(false);
    expect(valueOf(list, { targetingKey: "bob" })).toBe(true);
    expect(valueOf(list, {})).toBe(true);
  });

  test("gradual: the last step whose time has come, and who is in stays in", () => {
    const steps = [
      { at: "2026-06-01T00:00:00Z", percentage: 10 },
      { at: "2026-06-15T00:00:00Z", percentage: 40 },
      { at: "2026-07-01T00:00:00Z", percentage: 100 },
    ];
    const definition = flagDefinitionSchema.parse(conditional({ rollout: { strategy: "gradual", steps } }));
    const countAt = (time: string): Set<string> => {
      const flagSet = new FlagSet({ now: () => Date.parse(time) });
      flagSet.put(definition, 1);
      const users = Array.from({ length: 2_000 }, (_, index) => `u${index}`);
      return new Set(users.filter((targetingKey) => evaluate(flagSet, "f", { targetingKey }).value === true));
    };
    const [before, first, second, last] = ["2026-05-01", "2026-06-02", "2026-06-16", "2026-07-02"].map((day) =>
      countAt(`${day}T00:00:00Z`),
    );
    expect(before!.size).toBe(0);
    expect(first!.size / 2_000).toBeCloseTo(0.1, 1);
    expect(second!.size / 2_000).toBeCloseTo(0.4, 1);
    expect(last!.size).toBe(2_000);
    for (const user of first!) expect(second!.has(user)).toBe(true);
  });

  test("canary: regions and servers", () => {
    const canary = { strategy: "canary", regions: ["eu"], servers: ["orchestrator-1"] } satisfies Rollout;
    expect(valueOf(canary, { region: "eu" })).toBe(true);
    expect(valueOf(canary, { region: "us", server: "orchestrator-1" })).toBe(true);
    expect(valueOf(canary, { region: "us" })).toBe(false);
  });

  test("ring: up to and including a ring, by the context or by membership", () => {
    const rings = [{ name: "dev", users: ["ann"] }, { name: "staff", groups: ["staff"] }, { name: "all" }];
    const ring = { strategy: "ring", rings, upTo: "staff" } satisfies Rollout;
    expect(valueOf(ring, { ring: "dev" })).toBe(true);
    expect(valueOf(ring, { ring: "staff" })).toBe(true);
    expect(valueOf(ring, { ring: "all" })).toBe(false);
    expect(valueOf(ring, { targetingKey: "ann" })).toBe(true);
    expect(valueOf(ring, { targetingKey: "bob", groups: ["staff"] })).toBe(true);
    expect(valueOf(ring, { targetingKey: "bob" })).toBe(false);
  });
});

describe("variants", () => {
  const variants = [
    { name: "short", value: "be short", weight: 30 },
    { name: "long", value: "be long", weight: 70 },
    { name: "none", value: "", weight: 0 },
  ];
  const users = Array.from({ length: 20_000 }, (_, index) => `u${index}`);

  test("are split by their weights, and a user keeps one as the rollout grows", () => {
    const at = (percentage: number) =>
      setOf(conditional({ variants, offVariant: "none", rollout: { strategy: "percentage", percentage } }));
    const [small, large] = [at(20), at(80)];
    let short = 0;
    for (const targetingKey of users) {
      const before = evaluate(small, "f", { targetingKey });
      const after = evaluate(large, "f", { targetingKey });
      if (before.variant !== "none") expect(after.variant).toBe(before.variant);
      if (after.variant === "short") short += 1;
    }
    expect(short / (users.length * 0.8)).toBeCloseTo(0.3, 1);
  });

  test("have the off variant where the flag is off, and need a targeting key where they are split", () => {
    const definition = { status: "enabled", variants, offVariant: "none" } as const;
    expect(evaluateOne({ ...definition, status: "disabled" })).toMatchObject({ value: "", variant: "none" });
    expect(evaluateOne(definition)).toMatchObject({ errorCode: "TARGETING_KEY_MISSING", value: "" });
  });

  test("one that has all the weight is not a split", () => {
    const only = [
      { name: "v", value: { limit: 3 }, weight: 100 },
      { name: "off", value: {}, weight: 0 },
    ];
    expect(evaluateOne({ status: "enabled", variants: only, offVariant: "off" })).toMatchObject({
      value: { limit: 3 },
      variant: "v",
      reason: "STATIC",
    });
  });
});

describe("constraints", () => {
  type Constraint = NonNullable<FlagDefinitionInput["constraints"]>[number];
  const holds = (constraint: Constraint, context: Record<string, unknown>): unknown =>
    evaluateOne(conditional({ constraints: [constraint] }), context).value;

  test.each<[string, Constraint, Record<string, unknown>, boolean]>([
    [
      "string equals",
      { type: "string", attribute: "plan", operator: "equals", values: ["pro"] },
      { plan: "pro" },
      true,
    ],
    [
      "string, ignoring case",
      { type: "string", attribute: "mail", operator: "ends_with", values: ["@ACME.com"], ignoreCase: true },
      { mail: "ann@acme.COM" },
      true,
    ],
    [
      "string of a number",
      { type: "string", attribute: "plan", operator: "equals", values: ["1"] },
      { plan: 1 },
      false,
    ],
    ["number", { type: "number", attribute: "age", operator: "gte", value: 18 }, { age: 18 }, true],
    ["number as text", { type: "number", attribute: "age", operator: "lt", value: 18 }, { age: "17.5" }, true],
    [
      "date",
      { type: "date", attribute: "since", operator: "before", value: "2026-01-01T00:00:00Z" },
      { since: 0 },
      true,
    ],
    ["now", { type: "date", attribute: "currentTime", operator: "after", value: "2026-06-15T00:00:00Z" }, {}, true],
    ["semver", { type: "semver", attribute: "app", operator: "gt", value: "2.9.0" }, { app: "2.10.0" }, true],
    ["semver of nonsense", { type: "semver", attribute: "app", operator: "gt", value: "2.9.0" }, { app: "new" }, false],
    ["set", { type: "set", attribute: "tier", values: ["gold", 1] }, { tier: 1 }, true],
    ["set of a list", { type: "set", attribute: "groups", values: ["beta"] }, { groups: ["a", "beta"] }, true],
    ["regex", { type: "regex", attribute: "id", pattern: "^u-[0-9]+$" }, { id: "u-17" }, true],
    ["a missing attribute", { type: "set", attribute: "tier", values: ["gold"] }, {}, false],
    ["a missing attribute, negated", { type: "set", attribute: "tier", values: ["gold"], negate: true }, {}, true],
    ["an inherited property", { type: "regex", attribute: "constructor", pattern: "." }, {}, false],
  ])("%s", (_what, constraint, context, expected) => {
    expect(holds(constraint, context)).toBe(expected);
  });

  test("all must hold", () => {
    const constraints: Constraint[] = [
      { type: "set", attribute: "tier", values: ["gold"] },
      { type: "number", attribute: "age", operator: "gte", value: 18 },
    ];
    expect(evaluateOne(conditional({ constraints }), { tier: "gold", age: 17 })).toMatchObject({
      value: false,
      reason: "DEFAULT",
    });
    expect(evaluateOne(conditional({ constraints }), { tier: "gold", age: 18 })).toMatchObject({
      value: true,
      reason: "TARGETING_MATCH",
    });
  });

  test("a pattern that hangs other engines is matched in linear time", () => {
    const started = performance.now();
    expect(holds({ type: "regex", attribute: "id", pattern: "^(a+)+$" }, { id: `${"a".repeat(1_000)}b` })).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("segments and prerequisites", () => {
  test("a user must be in one of the segments", () => {
    const flagSet = setOf(conditional({ segments: ["staff", "beta"] }));
    flagSet.putSegment(
      flagSegmentSchema.parse({ name: "beta", constraints: [{ type: "set", attribute: "groups", values: ["beta"] }] }),
    );
    expect(evaluate(flagSet, "f", { groups: ["beta"] }).value).toBe(true);
    expect(evaluate(flagSet, "f", { groups: ["staff"] }).value).toBe(false);
    flagSet.removeSegment("beta");
    expect(evaluate(flagSet, "f", { groups: ["beta"] }).value).toBe(false);
  });

  test("prerequisites must be on, with the variant that is named", () => {
    const colour = {
      key: "colour",
      status: "enabled" as const,
      variants: [
        { name: "red", value: "red", weight: 100 },
        { name: "blue", value: "blue", weight: 0 },
      ],
      offVariant: "blue",
    };
    const needs = (variant?: string) => ({
      key: "f",
      status: "enabled" as const,
      prerequisites: [{ flag: "colour", variant }],
    });
    expect(evaluate(setOf(colour, needs()), "f", {}).value).toBe(true);
    expect(evaluate(setOf(colour, needs("red")), "f", {}).value).toBe(true);
    expect(evaluate(setOf(colour, needs("blue")), "f", {})).toMatchObject({ value: false, reason: "DEFAULT" });
    expect(evaluate(setOf({ ...colour, status: "disabled" }, needs()), "f", {}).value).toBe(false);
    expect(evaluate(setOf(needs()), "f", {}).value).toBe(false);
  });

  test("a circle that two writers made ends in an error, not in a stack overflow", () => {
    const flagSet = setOf(
      { key: "a", status: "enabled", prerequisites: [{ flag: "b" }, { flag: "b" }] },
      { key: "b", status: "enabled", prerequisites: [{ flag: "a" }, { flag: "a" }] },
    );
    expect(evaluate(flagSet, "a", {})).toMatchObject({ value: false, reason: "ERROR", errorCode: "GENERAL" });
  });
});

import { flagDefinitionSchema, type FlagDefinitionInput, type TurnRequest } from "@ai-orchestra/contracts";
import { DEFAULT_FLAGS, evaluate, FlagSet } from "@ai-orchestra/flags-engine";
import { describe, expect, test } from "vitest";
import { FeatureGates } from "./feature-gates.js";

interface Outcome {
  readonly flag: string;
  readonly variant: string;
  readonly outcome: string;
}

function openGates({
  flags = [],
  levelOff = [],
  region,
}: { flags?: FlagDefinitionInput[]; levelOff?: string[]; region?: string } = {}) {
  const flagSet = new FlagSet({ now: () => 0 });
  for (const flag of [...DEFAULT_FLAGS, ...flags.map((input) => flagDefinitionSchema.parse(input))])
    flagSet.put(flag, 1);
  const outcomes: Outcome[] = [];
  const gates = new FeatureGates({
    flagClient: {
      evaluate: (key, context) => evaluate(flagSet, key, context),
      recordOutcome: (outcome) => outcomes.push(outcome),
    },
    isOffByLevel: (feature) => levelOff.includes(feature),
    region,
    server: "orchestrator-1",
  });
  return { gates, flagSet, outcomes };
}

function turn(options: Partial<TurnRequest["options"]> = {}, more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    owner: "0123456789abcdef",
    sessionId: "s",
    turnId: "t",
    stateless: false,
    input: { text: "hello" },
    options: { mode: "quality", agents: ["critic"], useMemory: true, onBusy: "enqueue", ...options },
    submittedAt: 0,
    deadlineAt: 1,
    ...more,
  };
}

const history = [{ role: "user" as const, text: "before" }];

describe("the gates of a turn", () => {
  test("leave it as it is while everything is on", () => {
    const request = turn();
    expect(openGates().gates.open(request).apply(request, history)).toEqual({
      request,
      context: history,
      streams: true,
      off: [],
    });
  });

  test("take away what flags switch off, and say so only of what the turn wanted", () => {
    const flags = ["swarm_intelligence", "advanced_memory", "websocket_streaming", "ai_optimization"].map((key) => ({
      key,
      status: "disabled" as const,
    }));
    const { gates } = openGates({ flags });
    const wanting = turn();
    expect(gates.open(wanting).apply(wanting, history)).toMatchObject({
      request: { options: { agents: [], mode: "balanced" } },
      context: [],
      streams: false,
      off: ["swarm_intelligence", "memory_integration", "real_time_streaming", "ai_optimization"],
    });
    const modest = turn({ agents: [], useMemory: false, mode: "auto" });
    expect(gates.open(modest).apply(modest, [])).toMatchObject({ off: ["real_time_streaming"] });
  });

  test("take away what the level switches off, unless graceful degradation is off", () => {
    const request = turn();
    const levelOff = ["swarm_intelligence", "memory_integration"];
    expect(openGates({ levelOff }).gates.open(request).apply(request, history).off).toEqual(levelOff);
    const flags = [{ key: "graceful_degradation", status: "disabled" as const }];
    expect(openGates({ levelOff, flags }).gates.open(request).apply(request, history).off).toEqual([]);
  });

  test("do not change their mind while the turn runs", () => {
    const { gates, flagSet } = openGates();
    const turnGates = gates.open(turn());
    expect(turnGates.isOff("swarm_intelligence")).toBe(false);
    flagSet.put(flagDefinitionSchema.parse({ key: "swarm_intelligence", status: "disabled" }), 2);
    expect(turnGates.isOff("swarm_intelligence")).toBe(false);
    expect(gates.open(turn()).isOff("swarm_intelligence")).toBe(true);
  });

  test("know the client, its tier and groups, and where they run", () => {
    const flags: FlagDefinitionInput[] = [
      {
        key: "swarm_intelligence",
        status: "conditional",
        constraints: [{ type: "set", attribute: "tier", values: ["gold"] }],
        rollout: { strategy: "allowlist", groups: ["beta"] },
      },
      { key: "advanced_memory", status: "conditional", rollout: { strategy: "canary", regions: ["eu"] } },
    ];
    const isOff = (tier: string, groups: string[], region: string) => {
      const turnGates = openGates({ flags, region }).gates.open(turn({}, { audience: { tier, groups } }));
      return [turnGates.isOff("swarm_intelligence"), turnGates.isOff("memory_integration")];
    };
    expect(isOff("gold", ["beta"], "eu")).toEqual([false, false]);
    expect(isOff("gold", [], "us")).toEqual([true, true]);
    expect(isOff("default", ["beta"], "eu")).toEqual([true, false]);
  });

  test("stay open when a flag is gone", () => {
    const { gates, flagSet } = openGates();
    flagSet.remove("swarm_intelligence");
    expect(gates.open(turn()).isOff("swarm_intelligence")).toBe(false);
  });

  test("count the turn's end for what it was given by chance, and for nothing else", () => {
    const rollout = { strategy: "percentage", percentage: 50 } as const;
    const { gates, outcomes } = openGates({ flags: [{ key: "swarm_intelligence", status: "conditional", rollout }] });
    const request = turn();
    const turnGates = gates.open(request);
    turnGates.apply(request, history);
    turnGates.recordEnd({ type: "turn.cancelled", turnId: "t", sessionId: "s", partialText: "" });
    expect(outcomes).toEqual([
      { flag: "swarm_intelligence", variant: expect.stringMatching(/^(on|off)$/), outcome: "cancelled" },
    ]);
  });
});

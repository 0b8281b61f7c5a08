import type { Heartbeat } from "@ai-orchestra/contracts";
import { levelForScore, scoreComponents } from "@ai-orchestra/resilience";
import { expect, it } from "vitest";
import type { InstanceState, SeenInstance } from "../facts/instance-board.js";
import { assessComponents, type ComponentFacts } from "./assess-components.js";

function seen(service: string, more: Partial<Heartbeat> = {}, state: InstanceState = "ready"): SeenInstance {
  const instance = more.instance ?? `${service}-1`;
  const facts = { version: "1.0.0", pid: 1, startedAt: 0, opsUrl: "", state: "ready" as const, dependencies: {} };
  return { beat: { ...facts, service, ...more, instance }, state, seenAt: 0 };
}

const gateway = seen("gateway");
const orchestrator = seen("orchestrator", { dependencies: { "provider:a": "up", "provider:b": "up" } });
const memory = seen("memory", { dependencies: { redis: "up" } });
const flags = seen("flags");

function assess(instances: SeenInstance[], more: Partial<ComponentFacts> = {}) {
  const components = assessComponents({
    instances,
    expectedServices: ["gateway", "orchestrator", "memory"],
    wasSeen: () => true,
    isStarting: false,
    ...more,
  });
  const { score } = scoreComponents(components.map((component) => ({ ...component, health: component.score })));
  const find = (name: string) => components.find((component) => component.name === name);
  return { level: levelForScore(score), score, components, find };
}

it("is normal when everybody is well", () => {
  const { level, score, components } = assess([gateway, orchestrator, memory, flags]);
  expect({ level, score }).toEqual({ level: "normal", score: 1 });
  expect(components.every(({ status, reasons }) => status === "up" && reasons.length === 0)).toBe(true);
});

it.each([
  ["no orchestrator", [gateway, memory, flags], "maintenance"],
  ["no gateway", [orchestrator, memory, flags], "maintenance"],
  ["no memory", [gateway, orchestrator, flags], "essential"],
  ["no flags", [gateway, orchestrator, memory], "limited"],
  ["no flags and no memory", [gateway, orchestrator], "essential"],
  ["no Redis", [gateway, orchestrator, seen("memory", { dependencies: { redis: "down" } }), flags], "essential"],
  [
    "one of two providers",
    [gateway, seen("orchestrator", { dependencies: { "provider:a": "down", "provider:b": "up" } }), memory, flags],
    "limited",
  ],
  [
    "no provider",
    [gateway, seen("orchestrator", { dependencies: { "provider:a": "down", "provider:b": "down" } }), memory, flags],
    "emergency",
  ],
  [
    "the queue does not take turns",
    [seen("gateway", { breakers: { dispatch: "open" } }), orchestrator, memory, flags],
    "limited",
  ],
])("knows the worst level of: %s", (_fault, instances, worst) => {
  expect(assess(instances).level).toBe(worst);
});

it("never leaves the services to maintenance while a gateway and an orchestrator are there, whatever else fails", () => {
  const alone = seen("orchestrator", { dependencies: { "provider:a": "down" }, breakers: { memory: "open" } });
  expect(assess([seen("gateway", { breakers: { dispatch: "open" } }), alone]).level).toBe("emergency");
});

it("tells a memory service that beats but does not answer by the circuits of all who call it", () => {
  const cutOff = seen("orchestrator", { breakers: { memory: "open" } });
  expect(assess([gateway, cutOff, memory, flags])).toMatchObject({ level: "essential" });
  const half = assess([gateway, cutOff, seen("orchestrator", { instance: "orchestrator-2" }), memory, flags]);
  expect(half.level).toBe("normal");
  expect(half.find("memory")).toMatchObject({
    status: "impaired",
    reasons: ["the circuit of orchestrator-1 is open"],
  });
});

it("stays normal when one of several instances is lost, and says which", () => {
  const lost = seen("orchestrator", { instance: "orchestrator-2" }, "lost");
  const { level, find } = assess([gateway, orchestrator, lost, memory, flags]);
  expect(level).toBe("normal");
  expect(find("orchestrator")).toMatchObject({ status: "impaired", reasons: ["orchestrator-2 is lost"] });
});

it("does not take an instance that drains or starts for one that works", () => {
  expect(assess([gateway, seen("orchestrator", {}, "draining"), memory, flags]).level).toBe("maintenance");
  expect(assess([gateway, seen("orchestrator", {}, "starting"), memory, flags]).level).toBe("maintenance");
});

it("waits for services at its start, and minds only the expected ones later", () => {
  const unseen = { wasSeen: () => false };
  const starting = assess([], { ...unseen, isStarting: true });
  expect(starting.level).toBe("normal");
  expect(starting.find("orchestrator")?.status).toBe("unknown");
  const later = assess([], unseen);
  expect(later.level).toBe("maintenance");
  expect(later.find("flags")).toBeUndefined();
});

import type { ComponentReport } from "@ai-orchestra/contracts";
import type { SeenInstance } from "../facts/instance-board.js";
import { COMPONENT_RULES, type ComponentRule } from "./component-rules.js";

export interface ComponentFacts {
  instances: readonly SeenInstance[];
  /** Services that are held against the system when nobody was ever heard of. */
  expectedServices: readonly string[];
  wasSeen: (service: string) => boolean;
  /** While true, a service that was never heard of is unknown and not down. */
  isStarting: boolean;
}

const SERVICES = ["gateway", "orchestrator", "memory", "flags"] as const;
const PROVIDER_PREFIX = "provider:";
/** Some instances are gone, but others do the work. */
const PARTLY_LOST = 0.9;
/** Some callers cannot reach it, which their own circuits take care of; others can. */
const PARTLY_REACHED = 0.8;

/** How every component is, from what its own instances and those who use it say. Pure: it asks nobody. */
export function assessComponents(facts: ComponentFacts): ComponentReport[] {
  const live = facts.instances.filter(({ state }) => state === "ready" || state === "degraded");
  const services = SERVICES.flatMap((name) => assessService(name, facts) ?? []);
  return [
    ...services.map((report) => (report.name === "memory" ? withCircuits(report, live) : report)),
    ...assessRedis(live),
    assessQueue(live),
    ...assessProviders(live),
  ];
}

function assessService(name: (typeof SERVICES)[number], facts: ComponentFacts): ComponentReport | undefined {
  const rule = COMPONENT_RULES[name];
  const instances = facts.instances.filter(({ beat }) => beat.service === name);
  const live = instances.filter(({ state }) => state === "ready" || state === "degraded");
  if (!facts.wasSeen(name)) {
    if (!facts.expectedServices.includes(name)) return undefined;
    if (facts.isStarting) return { ...report(name, rule, 1, ["not heard of yet"]), status: "unknown" };
    return report(name, rule, 0, ["no instance was ever heard of"]);
  }
  if (live.length === 0) {
    const last = instances.map(({ beat, state }) => `${beat.instance} is ${state}`);
    return report(name, rule, 0, ["no instance is ready", ...last]);
  }
  const lost = instances.filter(({ state }) => state === "lost");
  if (lost.length > 0) {
    return report(
      name,
      rule,
      PARTLY_LOST,
      lost.map(({ beat }) => `${beat.instance} is lost`),
    );
  }
  return report(name, rule, 1, []);
}

/** A memory service that beats but does not answer shows in the circuits of those who call it. */
function withCircuits(memory: ComponentReport, live: readonly SeenInstance[]): ComponentReport {
  const { reach, reasons } = readCircuit(live, "orchestrator", "memory");
  const score = Math.min(memory.score, reach);
  return {
    ...memory,
    score,
    status: score < 1 ? statusOf(score) : memory.status,
    reasons: [...memory.reasons, ...reasons],
  };
}

function assessRedis(live: readonly SeenInstance[]): ComponentReport[] {
  const views = live.flatMap(({ beat }) => {
    const status = beat.service === "memory" ? beat.dependencies["redis"] : undefined;
    return status === undefined ? [] : [{ instance: beat.instance, status }];
  });
  if (views.length === 0) return [];
  const down = views.filter(({ status }) => status === "down");
  const reasons = down.map(({ instance }) => `${instance} cannot reach it`);
  return [report("redis", COMPONENT_RULES.redis, 1 - down.length / views.length, reasons)];
}

function assessQueue(live: readonly SeenInstance[]): ComponentReport {
  const { reach, reasons } = readCircuit(live, "gateway", "dispatch");
  return report("queue", COMPONENT_RULES.queue, reach, reasons);
}

/** Each provider by itself, and all of them together: the last one's death is worse than the sum. */
function assessProviders(live: readonly SeenInstance[]): ComponentReport[] {
  const views = new Map<string, ("up" | "down")[]>();
  for (const { beat } of live) {
    for (const [name, status] of Object.entries(beat.dependencies)) {
      if (name.startsWith(PROVIDER_PREFIX)) views.set(name, [...(views.get(name) ?? []), status]);
    }
  }
  if (views.size === 0) return [];
  const providers = [...views].map(([name, seen]) => {
    const down = seen.filter((status) => status === "down").length;
    const reasons = down === 0 ? [] : [`${down} of ${seen.length} orchestrators cannot use it`];
    return report(name, COMPONENT_RULES.provider, 1 - down / seen.length, reasons);
  });
  const best = Math.max(...providers.map(({ score }) => score));
  const reasons = best === 0 ? ["no provider can be used"] : [];
  return [...providers, report("providers", COMPONENT_RULES.providers, best === 0 ? 0 : 1, reasons)];
}

/** What the circuits of a service's live instances say of what they guard: 1 when all are closed, 0 when none is. */
function readCircuit(live: readonly SeenInstance[], service: string, breaker: string) {
  const users = live.filter(({ beat }) => beat.service === service);
  const open = users.filter(({ beat }) => isNotClosed(beat.breakers?.[breaker]));
  return {
    reach: open.length === 0 ? 1 : open.length === users.length ? 0 : PARTLY_REACHED,
    reasons: open.map(({ beat }) => `the circuit of ${beat.instance} is ${beat.breakers?.[breaker] ?? "open"}`),
  };
}

function isNotClosed(state: string | undefined): boolean {
  return state !== undefined && state !== "closed";
}

function report(name: string, rule: ComponentRule, score: number, reasons: string[]): ComponentReport {
  return { name, status: statusOf(score), score, weight: rule.weight, worstLevel: rule.worstLevel, reasons };
}

function statusOf(score: number): ComponentReport["status"] {
  if (score >= 1) return "up";
  return score <= 0 ? "down" : "impaired";
}

import type { Heartbeat } from "@ai-orchestra/contracts";
import { expect, test } from "vitest";
import { reportHealth } from "./health-report.js";

const NOW = 1_000_000;
const NORMAL = { level: "normal" as const, off: [] };

function sight(service: string, state: Heartbeat["state"] = "ready", ageMs = 0, instance = `${service}-1`) {
  return {
    beat: { service, instance, version: "1.0.0", pid: 1, startedAt: 0, opsUrl: "", state, dependencies: {} },
    seenAt: NOW - ageMs,
  };
}

const statusOf = (sightings: ReturnType<typeof sight>[], busConnected = true) =>
  reportHealth({ sightings, busConnected, state: NORMAL, overview: undefined, now: NOW }).status;

const everyone = [sight("gateway"), sight("orchestrator"), sight("memory")];

test("is ok when every service has an instance that is ready", () => {
  expect(statusOf(everyone)).toBe("ok");
});

test("is degraded without memory, and when an instance says so", () => {
  expect(statusOf([sight("gateway"), sight("orchestrator")])).toBe("degraded");
  expect(statusOf([...everyone, sight("orchestrator", "degraded", 0, "orchestrator-2")])).toBe("degraded");
});

test("is down without an orchestrator or the bus", () => {
  expect(statusOf([sight("gateway"), sight("memory")])).toBe("down");
  expect(statusOf([sight("gateway"), sight("memory"), sight("orchestrator", "ready", 6_000)])).toBe("down");
  expect(statusOf(everyone, false)).toBe("down");
});

test("does not mind an instance that is lost while its service has another", () => {
  const report = reportHealth({
    sightings: [...everyone, sight("orchestrator", "ready", 6_000, "orchestrator-2")],
    busConnected: true,
    state: NORMAL,
    overview: undefined,
    now: NOW,
  });
  expect(report.status).toBe("ok");
  expect(report.services.orchestrator?.instances.map(({ status }) => status)).toEqual(["ready", "lost"]);
});

test("tells the level and is degraded below normal, with what the health service said of each component", () => {
  const state = { level: "limited" as const, off: ["advanced_analytics"] };
  const component = { name: "provider:a", status: "down" as const, score: 0, reasons: ["gone"] };
  const overview = {
    components: [{ ...component, weight: 0.25, worstLevel: "limited" as const }],
    state: { ...state, automaticLevel: state.level, since: 0, score: 0.75, reasons: [] },
  };
  expect(reportHealth({ sightings: everyone, busConnected: true, state, overview, now: NOW })).toMatchObject({
    status: "degraded",
    ...state,
    score: 0.75,
    components: [component],
  });
});

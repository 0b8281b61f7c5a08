import { describe, expect, it } from "vitest";
import type { ServiceStatus } from "../lifecycle/service-state.js";
import { reportDependencies, type DependencyReport } from "./dependencies.js";
import { heartbeatState, reportReadiness } from "./readiness.js";

const report = (state: ServiceStatus, dependencies: Record<string, DependencyReport>) =>
  reportReadiness({ state, components: new Map([["server", "started"]]), dependencies });

describe("readiness", () => {
  it.each([
    ["ready", "up", "up", "ready", "ready"],
    ["ready", "up", "down", "ready", "degraded"],
    ["ready", "down", "up", "unready", "degraded"],
    ["starting", "up", "up", "unready", "starting"],
    ["draining", "up", "up", "unready", "draining"],
    ["stopped", "up", "up", "unready", "draining"],
    ["failed", "up", "up", "unready", "draining"],
  ] as const)("a %s service with nats %s and redis %s is %s, its heartbeat %s", (state, nats, redis, status, beat) => {
    const dependencies = { nats: { status: nats, required: true }, redis: { status: redis, required: false } };
    const readiness = report(state, dependencies);
    expect(readiness).toEqual({ status, state, components: { server: "started" }, dependencies });
    expect(heartbeatState(readiness)).toBe(beat);
  });

  it("counts the bus as down before it is there, and a dependency that cannot tell its state too", () => {
    const dependencies = reportDependencies({
      bus: undefined,
      components: [
        { name: "server" },
        { name: "redis", dependency: () => "up" },
        {
          name: "models",
          required: true,
          dependency: () => {
            throw new Error("not connected");
          },
        },
      ],
    });
    expect(dependencies).toEqual({
      nats: { status: "down", required: true },
      redis: { status: "up", required: false },
      models: { status: "down", required: true },
    });
  });
});

import { createMetrics } from "@ai-orchestra/telemetry";
import { afterEach, describe, expect, it } from "vitest";
import type { ServiceStatus } from "../lifecycle/service-state.js";
import { createManualClock } from "../manual-clock.js";
import { EventLoopWatch } from "./event-loop-watch.js";
import { startOpsServer, type OpsServer } from "./ops-server.js";
import { reportReadiness } from "./readiness.js";

describe("startOpsServer", () => {
  let server: OpsServer | undefined;

  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const start = async (status: ServiceStatus, isStuck = false): Promise<OpsServer> => {
    const clock = createManualClock();
    const eventLoop = new EventLoopWatch({ clock, stuckAfterMs: 5000, rememberForMs: 10_000 });
    if (isStuck) clock.advance(6000);
    server = await startOpsServer({
      host: "127.0.0.1",
      port: 0,
      metrics: createMetrics({ service: "memory", instance: "memory-1" }),
      eventLoop,
      state: () => status,
      readiness: () => reportReadiness({ state: status, components: new Map(), dependencies: {} }),
    });
    return server;
  };

  const get = async (path: string): Promise<[number, unknown]> => {
    const response = await fetch(`${server?.url}${path}`);
    const isJson = response.headers.get("content-type")?.includes("json") === true;
    return [response.status, isJson ? await response.json() : await response.text()];
  };

  it("tells liveness and readiness apart", async () => {
    await start("draining");
    expect(await get("/livez")).toEqual([200, { status: "alive" }]);
    expect(await get("/readyz")).toEqual([
      503,
      { status: "unready", state: "draining", components: {}, dependencies: {} },
    ]);
  });

  it("answers 200 on /readyz when ready", async () => {
    await start("ready");
    expect(await get("/readyz")).toMatchObject([200, { status: "ready" }]);
  });

  it("fails /livez when the service failed", async () => {
    await start("failed");
    expect(await get("/livez")).toEqual([503, { status: "failed" }]);
  });

  it("fails /livez when the event loop is stuck", async () => {
    await start("ready", true);
    expect(await get("/livez")).toEqual([503, { status: "stuck" }]);
  });

  it("serves Prometheus text on /metrics", async () => {
    await start("ready");
    const response = await fetch(`${server?.url}/metrics`);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await response.text()).toContain(
      'orchestra_process_cpu_seconds_total{service="memory",instance="memory-1"}',
    );
  });

  it("says by its code that the port is taken", async () => {
    const { url } = await start("ready");
    const eventLoop = new EventLoopWatch({ clock: createManualClock(), stuckAfterMs: 5000, rememberForMs: 10_000 });
    const second = startOpsServer({
      host: "127.0.0.1",
      port: Number(new URL(url).port),
      metrics: createMetrics({ service: "memory", instance: "memory-2" }),
      eventLoop,
      state: () => "ready",
      readiness: () => reportReadiness({ state: "ready", components: new Map(), dependencies: {} }),
    });
    await expect(second).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

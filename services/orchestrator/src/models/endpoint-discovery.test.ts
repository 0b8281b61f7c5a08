import { createManualClock } from "@ai-orchestra/service-kit";
import { createLogger } from "@ai-orchestra/telemetry";
import { eventually, startUpstream } from "@ai-orchestra/testkit";
import { afterEach, describe, expect, it, vi } from "vitest";
import { EndpointDiscovery } from "./endpoint-discovery.js";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function createDiscovery() {
  const clock = createManualClock();
  const onChange = vi.fn();
  const logger = createLogger({ service: "orchestrator", instance: "test", level: "silent" });
  const discovery = new EndpointDiscovery({
    clock,
    logger,
    onChange,
    timeoutMs: 1_000,
    refreshMs: 60_000,
    retryMs: 5_000,
  });
  stops.push(() => discovery.stop());
  return { clock, onChange, discovery };
}

describe("EndpointDiscovery", () => {
  it("keeps the last list while an endpoint is away, and hears of new models later", async () => {
    const upstream = await startUpstream({ models: ["a"] });
    const { clock, onChange, discovery } = createDiscovery();
    await discovery.follow(new Map([["local", { baseUrl: upstream.url, apiKey: undefined }]]));
    expect(discovery.models.get("local")).toEqual(["a"]);
    expect(onChange).toHaveBeenCalledTimes(1);

    await upstream.close();
    clock.advance(60_000);
    await eventually(() => expect(clock.pendingTimers).toBe(1));
    expect(discovery.models.get("local")).toEqual(["a"]);

    const again = await startUpstream({ port: Number(new URL(upstream.url).port), models: ["a", "b"] });
    stops.push(() => again.close());
    clock.advance(60_000);
    await eventually(() => expect(discovery.models.get("local")).toEqual(["a", "b"]));
    expect(onChange).toHaveBeenCalledTimes(2);
  });

  it("asks again soon where it never had an answer", async () => {
    const gone = await startUpstream();
    await gone.close();
    const { clock, discovery } = createDiscovery();
    await discovery.follow(new Map([["local", { baseUrl: gone.url, apiKey: undefined }]]));
    expect(discovery.models.has("local")).toBe(false);

    const upstream = await startUpstream({ port: Number(new URL(gone.url).port), models: ["a"] });
    stops.push(() => upstream.close());
    clock.advance(5_000);
    await eventually(() => expect(discovery.models.get("local")).toEqual(["a"]));
  });

  it("stops asking when nobody is to be asked", async () => {
    const { clock, discovery } = createDiscovery();
    await discovery.follow(new Map());
    expect(clock.pendingTimers).toBe(0);
  });
});

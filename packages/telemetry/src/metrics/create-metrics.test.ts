import { describe, expect, it } from "vitest";
import { createMetrics } from "./create-metrics.js";

const identity = { service: "memory", instance: "memory-1" };

async function linesOf(metrics: ReturnType<typeof createMetrics>, name: string): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text.split("\n").filter((line) => line.startsWith(name));
}

describe("createMetrics", () => {
  it("names everything orchestra_ and labels it with service and instance", async () => {
    const metrics = createMetrics(identity);
    metrics.counter({ name: "turns_total", help: "Turns.", labelNames: ["outcome"] }).inc({ outcome: "completed" }, 2);
    expect(await linesOf(metrics, "orchestra_turns_total")).toEqual([
      'orchestra_turns_total{outcome="completed",service="memory",instance="memory-1"} 2',
    ]);
  });

  it("brings the process metrics of Node", async () => {
    const lines = await linesOf(createMetrics(identity), "orchestra_");
    expect(lines.some((line) => line.startsWith("orchestra_process_resident_memory_bytes{"))).toBe(true);
    expect(lines.some((line) => line.startsWith("orchestra_nodejs_eventloop_lag_seconds{"))).toBe(true);
  });

  it("counts every combination past the bound under other", async () => {
    const metrics = createMetrics(identity);
    const counter = metrics.counter({ name: "calls_total", help: "Calls.", labelNames: ["model"], maxSeries: 2 });
    for (const model of ["a", "b", "c", "d", "a"]) counter.inc({ model });
    const lines = await linesOf(metrics, "orchestra_calls_total");
    expect(lines.map((line) => line.replace(/,service.*\}/, "}"))).toEqual([
      'orchestra_calls_total{model="a"} 2',
      'orchestra_calls_total{model="b"} 1',
      'orchestra_calls_total{model="other"} 2',
    ]);
  });

  it("makes room when a gauge forgets a series", async () => {
    const metrics = createMetrics(identity);
    const gauge = metrics.gauge({ name: "peers", help: "Peers.", labelNames: ["peer"], maxSeries: 1 });
    gauge.set({ peer: "a" }, 1);
    gauge.remove({ peer: "a" });
    gauge.set({ peer: "b" }, 2);
    const lines = await linesOf(metrics, "orchestra_peers");
    expect(lines).toEqual(['orchestra_peers{peer="b",service="memory",instance="memory-1"} 2']);
  });

  it("asks a gauge's collect function at each reading", async () => {
    const metrics = createMetrics(identity);
    let depth = 0;
    metrics.gauge({ name: "queue_depth", help: "Depth.", collect: (gauge) => gauge.set(++depth) });
    expect(await linesOf(metrics, "orchestra_queue_depth")).toEqual([expect.stringMatching(/ 1$/)]);
    expect(await linesOf(metrics, "orchestra_queue_depth")).toEqual([expect.stringMatching(/ 2$/)]);
  });

  it("puts values without labels into the buckets of a histogram", async () => {
    const metrics = createMetrics(identity);
    const histogram = metrics.histogram({ name: "wait_seconds", help: "Waits.", buckets: [0.1, 1] });
    histogram.observe(0.05);
    histogram.observe(0.5);
    const buckets = await linesOf(metrics, "orchestra_wait_seconds_bucket");
    expect(buckets.map((line) => line.split(" ").at(-1))).toEqual(["1", "2", "2"]);
  });

  it("refuses a name twice, and a name that brings the prefix", () => {
    const metrics = createMetrics(identity);
    metrics.counter({ name: "turns_total", help: "Turns." });
    expect(() => metrics.counter({ name: "turns_total", help: "Turns." })).toThrow("already been registered");
    expect(() => metrics.counter({ name: "orchestra_x_total", help: "X." })).toThrow("leave the prefix");
  });
});

import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { LazySpanExporter } from "./lazy-span-exporter.js";
import { startTracing } from "./start-tracing.js";
import { getTracer } from "./trace-context.js";

function loadedExporters(): string[] {
  const names = Object.keys(createRequire(import.meta.url).cache).map((path) => /exporter-[a-z-]+/.exec(path)?.[0]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

it("loads no exporter until there is something for it to export, and only that one", async () => {
  const tracing = startTracing({ service: "gateway", instance: "gateway-1", exporter: "none" });
  getTracer("test").startSpan("work").end();
  await tracing.shutdown();
  const exporter = new LazySpanExporter("jaeger");
  expect(loadedExporters()).toEqual([]);
  await new Promise((resolve) => exporter.export([], resolve));
  await exporter.shutdown();
  expect(loadedExporters()).toEqual(["exporter-jaeger"]);
});

import { context, isSpanContextValid, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { LazySpanExporter } from "./lazy-span-exporter.js";
import { startTracing, type Tracing, type TracingOptions } from "./start-tracing.js";
import { extractTraceContext, getTracer, injectTraceContext, traceIdOf } from "./trace-context.js";

const PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

interface Collector {
  readonly url: string;
  received(): string;
  stop(): Promise<void>;
}

/** A server that takes every request, and answers unless it is to be `silent`. */
async function startCollector(o: { silent?: boolean } = {}): Promise<Collector> {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => bodies.push(chunk));
    request.on("end", () => {
      if (o.silent !== true) response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    received: () => Buffer.concat(bodies).toString("latin1"),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

describe("tracing", () => {
  let tracing: Tracing | undefined;

  const start = (o: Partial<TracingOptions> = {}): Tracing => {
    tracing = startTracing({ service: "gateway", instance: "gateway-1", exporter: "none", ...o });
    return tracing;
  };

  afterEach(async () => {
    vi.unstubAllEnvs();
    await tracing?.shutdown();
    tracing = undefined;
  });

  it("gives spans valid ids and records nothing when there is no exporter", () => {
    start();
    const span = getTracer("test").startSpan("work");
    expect(isSpanContextValid(span.spanContext())).toBe(true);
    expect(span.isRecording()).toBe(false);
  });

  it("keeps one trace id over several hops without an exporter", async () => {
    start();
    const tracer = getTracer("test");
    const hop = async (traceparent: string | undefined): Promise<string | undefined> => {
      return tracer.startActiveSpan("hop", {}, extractTraceContext(traceparent), async () => {
        await Promise.resolve();
        return injectTraceContext();
      });
    };
    const first = await hop(PARENT);
    const second = await hop(first);
    expect(traceIdOf(extractTraceContext(second))).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(new Set([PARENT, first, second]).size).toBe(3);
  });

  it("records parent and child in one trace across an await and a traceparent", async () => {
    const exporter = new InMemorySpanExporter();
    start({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const tracer = getTracer("test");
    const traceparent = await tracer.startActiveSpan("client", async (span) => {
      await Promise.resolve();
      const header = injectTraceContext();
      span.end();
      return header;
    });
    tracer.startActiveSpan("server", {}, extractTraceContext(traceparent), (span) => span.end());
    const [client, server] = exporter.getFinishedSpans() as [ReadableSpan, ReadableSpan];
    expect(server.spanContext().traceId).toBe(client.spanContext().traceId);
    expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId);
    expect(server.parentSpanContext?.isRemote).toBe(true);
    expect(client.resource.attributes).toMatchObject({
      "service.name": "gateway",
      "service.instance.id": "gateway-1",
    });
  });

  it("records none of its own traces at ratio 0, and those that come in sampled", () => {
    const exporter = new InMemorySpanExporter();
    start({ spanProcessors: [new SimpleSpanProcessor(exporter)], sampleRatio: 0 });
    getTracer("test").startSpan("own").end();
    getTracer("test").startSpan("sampled before", {}, extractTraceContext(PARENT)).end();
    getTracer("test")
      .startSpan("left out before", {}, extractTraceContext(PARENT.replace(/01$/, "00")))
      .end();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(["sampled before"]);
  });

  it("round-trips a traceparent", () => {
    expect(injectTraceContext(extractTraceContext(PARENT))).toBe(PARENT);
    expect(injectTraceContext(ROOT_CONTEXT)).toBeUndefined();
  });

  it.each([
    undefined,
    "",
    "garbage",
    `${PARENT}-extra-parts-that-do-not-belong`.repeat(50),
    PARENT.replaceAll(/[1-9a-f]/g, "0"),
  ])("takes a message without a usable traceparent (%#) out of the active trace", (traceparent) => {
    start();
    getTracer("test").startActiveSpan("active", () => {
      expect(trace.getSpan(extractTraceContext(traceparent))).toBeUndefined();
    });
  });

  it("makes up a trace id where there is no trace", () => {
    const made = traceIdOf(ROOT_CONTEXT);
    expect(made).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf(ROOT_CONTEXT)).not.toBe(made);
  });

  it("refuses to start twice, and starts again after a shutdown", async () => {
    const first = start();
    expect(() => startTracing({ service: "x", instance: "x-1", exporter: "none" })).toThrow("already started");
    await first.shutdown();
    start();
    expect(injectTraceContext(trace.setSpan(context.active(), getTracer("test").startSpan("again")))).toBeDefined();
  });

  it("loads the OTLP exporter and sends what waits when it is shut down", async () => {
    const collector = await startCollector();
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
    const running = start({ exporter: "otlp" });
    getTracer("test").startSpan("exported").end();
    await running.shutdown(5000);
    await collector.stop();
    expect(collector.received()).toContain("exported");
  });

  it.each([
    ["jaeger", "OTEL_EXPORTER_JAEGER_ENDPOINT"],
    ["zipkin", "OTEL_EXPORTER_ZIPKIN_ENDPOINT"],
  ] as const)("sends spans through the %s exporter, loaded by its name", async (exporter, variable) => {
    const collector = await startCollector();
    vi.stubEnv(variable, collector.url);
    const running = start({ exporter });
    getTracer("test").startSpan("exported").end();
    await running.shutdown(5000);
    await collector.stop();
    expect(collector.received()).toContain("exported");
  });

  it("says when exporting begins to fail and when it works again, not for every batch", async () => {
    const outcomes = ["refused", "refused", "taken", "taken", "refused"];
    const told: string[] = [];
    const server = createServer((_request, response) => {
      response.statusCode = outcomes.shift() === "taken" ? 200 : 400;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const exporter = new LazySpanExporter("otlp", {
      onExportFailing: () => told.push("failing"),
      onExportRecovered: () => told.push("recovered"),
    });
    const spans = new InMemorySpanExporter();
    start({ spanProcessors: [new SimpleSpanProcessor(spans)] });
    getTracer("test").startSpan("work").end();
    while (outcomes.length > 0) {
      await new Promise((resolve) => exporter.export(spans.getFinishedSpans(), resolve));
    }
    await exporter.shutdown();
    server.closeAllConnections();
    server.close();
    expect(told).toEqual(["failing", "recovered", "failing"]);
  });

  it("gives up, and says so, on a silent collector at the deadline", async () => {
    const collector = await startCollector({ silent: true });
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
    const failures: Error[] = [];
    const running = start({
      exporter: "otlp",
      observer: { onExportFailing: (error) => failures.push(error), onExportRecovered: () => undefined },
    });
    getTracer("test").startSpan("stuck").end();
    const startedMs = performance.now();
    await running.shutdown(100);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(failures.map(({ message }) => message)).toEqual(["spans were not sent within 100 ms"]);
    await collector.stop();
  });
});

import { eventually, startTraceCollector, type TraceCollector } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, startMesh } from "./start-mesh.js";

const CLIENT_TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN_ID = "b7ad6b7169203331";

let collector: TraceCollector;
let mesh: Mesh;

beforeAll(async () => {
  collector = await startTraceCollector();
  mesh = await startMesh({
    env: { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: "100" },
  });
});

afterAll(async () => {
  await mesh.stop();
  await collector.close();
});

it("makes one trace of a turn: client span, gateway, queue, orchestrator and memory", async () => {
  const probe = await FrameProbe.connect(mesh.stack.url);
  probe.start("traced-1", "hello", { traceparent: `00-${CLIENT_TRACE_ID}-${CLIENT_SPAN_ID}-01` });
  const terminal = await probe.terminal("traced-1");
  expect(terminal).toMatchObject({ type: "turn.completed", metadata: { traceId: CLIENT_TRACE_ID } });
  await eventually(() => {
    const found = collector.spans.filter(({ traceId }) => traceId === CLIENT_TRACE_ID);
    expect(new Set(found.map(({ service }) => service))).toEqual(new Set(["gateway", "orchestrator", "memory"]));
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["serve memory.turn.begin", "follow RESULTS"]),
    );
    const known = new Set([CLIENT_SPAN_ID, ...found.map(({ spanId }) => spanId)]);
    expect(found.filter(({ parentSpanId }) => !known.has(parentSpanId ?? ""))).toEqual([]);
  });
  probe.close();
});

import { context, SpanKind, trace } from "@opentelemetry/api";
import { defineCall, OrchestraError } from "@ai-orchestra/contracts";
import { getTracer, startTracing, type Tracing } from "@ai-orchestra/telemetry";
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openKv, type BusMessage } from "../src/index.js";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";
import { openTestQueue } from "./support/queue-fixture.js";
import { openTestStore } from "./support/store-fixture.js";

const nats = useNats();
const exporter = new InMemorySpanExporter();
let tracing: Tracing;

beforeAll(() => {
  tracing = startTracing({
    service: "test",
    instance: "test-1",
    exporter: "none",
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
});
afterEach(() => exporter.reset());
afterAll(() => tracing.shutdown());

function defineStep(subject: string) {
  return defineCall({ subject, request: z.object({}), response: z.object({}), timeoutMs: 2_000 });
}

/** Runs work below a root span and returns the root's trace id. */
async function inTrace(work: () => Promise<void>): Promise<string> {
  return getTracer("test").startActiveSpan("root", async (span) => {
    await work();
    span.end();
    return span.spanContext().traceId;
  });
}

/** `<kind> <name> < <parent's name>` of every span of the trace. */
function describeSpans(traceId: string): string[] {
  const spans = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
  const nameOf = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  const describe = (span: ReadableSpan): string =>
    `${SpanKind[span.kind]} ${span.name} < ${nameOf.get(span.parentSpanContext?.spanId ?? "") ?? "nothing"}`;
  return spans.map(describe).toSorted();
}

test("a call, its handler and the calls that the handler makes are one trace", async () => {
  const [front, middle, back] = await Promise.all([nats.connect(), nats.connect(), nats.connect()]);
  const outer = defineStep("trace.outer");
  const inner = defineStep("trace.inner");
  back.serve(inner, () => ({}));
  middle.serve(outer, () => middle.call(inner, {}));
  await Promise.all([middle.flush(), back.flush()]);
  const traceId = await inTrace(async () => {
    await front.call(outer, {});
  });
  expect(describeSpans(traceId)).toEqual([
    "CLIENT call trace.inner < serve trace.outer",
    "CLIENT call trace.outer < root",
    "INTERNAL root < nothing",
    "SERVER serve trace.inner < call trace.inner",
    "SERVER serve trace.outer < call trace.outer",
  ]);
});

test("a submission, its job and the result that the job puts are one trace", async () => {
  const [bus, worker] = await Promise.all([nats.connect(), nats.connect()]);
  const queue = await openTestQueue(bus, "TRACED");
  const workerQueue = await openTestQueue(worker, "TRACED");
  const store = await openTestStore(worker, "OUTCOMES");
  const finished = createGate();
  const consumption = workerQueue.consume(
    async (job) => {
      expect(trace.getSpanContext(job.traceContext)).toEqual(trace.getSpanContext(context.active()));
      await store.put("results.OUTCOMES.1", { by: "worker" });
      job.ack();
    },
    { slots: 4 },
  );
  const following = await store.follow("log", async () => finished.open(), { concurrency: 1 });
  const traceId = await inTrace(async () => {
    await queue.submit("high", { n: 1 }, { messageId: "1" });
  });
  await finished.opened;
  await consumption.stop();
  await following.stop();
  expect(describeSpans(traceId)).toEqual([
    "CONSUMER consume queue.TRACED.high < submit queue.TRACED.high",
    "CONSUMER follow OUTCOMES < consume queue.TRACED.high",
    "INTERNAL root < nothing",
    "PRODUCER submit queue.TRACED.high < root",
  ]);
});

test("plain messages and watched changes carry the trace of their sender", async () => {
  const bus = await nats.connect();
  const message = createGate<BusMessage>();
  const changed = createGate<string | undefined>();
  bus.subscribe("trace.plain", message.open);
  const values = await openKv(bus, { bucket: "traced", schema: z.number(), replicas: 1, storage: "memory" });
  const watch = values.watch((change) => changed.open(trace.getSpanContext(change.traceContext)?.traceId));
  await watch.ready;
  const traceId = await inTrace(async () => {
    bus.publish("trace.plain", {});
    await values.put("key", 1);
  });
  expect(trace.getSpanContext((await message.opened).traceContext())?.traceId).toBe(traceId);
  expect(await changed.opened).toBe(traceId);
  watch.stop();
});

test("a failed call is marked on both sides", async () => {
  const bus = await nats.connect();
  const contract = defineStep("trace.failing");
  bus.serve(contract, () => {
    throw new OrchestraError("conflict", "no");
  });
  const traceId = await inTrace(async () => {
    await expect(bus.call(contract, {})).rejects.toMatchObject({ code: "conflict" });
  });
  const errors = exporter
    .getFinishedSpans()
    .filter((span) => span.spanContext().traceId === traceId && span.name.endsWith("trace.failing"))
    .map((span) => span.attributes["error.type"]);
  expect(errors).toEqual(["conflict", "conflict"]);
});

test("outside of any trace nothing is recorded and no header is sent", async () => {
  const bus = await nats.connect();
  const contract = defineStep("trace.none");
  const seen = createGate<boolean>();
  bus.serve(contract, () => {
    seen.open(trace.getSpanContext(context.active()) === undefined);
    return {};
  });
  await bus.call(contract, {});
  expect(await seen.opened).toBe(true);
  expect(exporter.getFinishedSpans()).toEqual([]);
});

import { OrchestraError } from "@ai-orchestra/contracts";
import { systemClock } from "@ai-orchestra/service-kit";
import { createLogger, createMetrics, type Metrics } from "@ai-orchestra/telemetry";
import { eventually, startUpstream, type Upstream } from "@ai-orchestra/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelTimeouts, ResolvedModel } from "../models/resolved-model.js";
import type { ChatProvider } from "../providers/chat-provider.js";
import { createOpenAiProvider } from "../providers/openai/openai-provider.js";
import type { CompletionEvent, CompletionRequest } from "./completion-request.js";
import { createCompletionMetrics } from "./completion-metrics.js";
import { ModelGuards } from "./model-guards.js";
import { createCompletionRunner, type CompletionRunner } from "./completion-runner.js";

let upstream: Upstream;
let provider: ChatProvider;
let metrics: Metrics;
let runner: CompletionRunner;
let models: Map<string, ResolvedModel>;

beforeEach(async () => {
  upstream = await startUpstream();
  provider = createOpenAiProvider({
    baseUrl: upstream.url,
    maxConnections: 64,
    connectTimeoutMs: 1_000,
    includeUsage: true,
    now: Date.now,
  });
  metrics = createMetrics({ service: "orchestrator", instance: "test" });
  models = new Map();
  addModel("main");
  const catalog = { resolve: (name: string | undefined) => findModel(name ?? "main") };
  const completionMetrics = createCompletionMetrics(metrics);
  runner = createCompletionRunner({
    catalog,
    guards: new ModelGuards({
      clock: systemClock,
      catalog,
      onCircuitChange: (...change) => completionMetrics.setCircuit(...change),
    }),
    clock: systemClock,
    logger: createLogger({ service: "orchestrator", instance: "test", level: "silent" }),
    metrics: completionMetrics,
    random: () => 0.01,
  });
});
afterEach(async () => {
  await upstream.close();
  await provider.close();
});

function findModel(name: string): ResolvedModel {
  const model = models.get(name);
  if (model === undefined) throw new OrchestraError("not_found", `no ${name}`);
  return model;
}

type ModelOverrides = Partial<Omit<ResolvedModel, "timeouts">> & { timeouts?: Partial<ModelTimeouts> };

function addModel(name: string, overrides: ModelOverrides = {}): void {
  models.set(name, {
    id: `test/${name}`,
    provider: "test",
    name,
    upstreamName: name,
    chat: provider,
    endpoint: upstream.url,
    limits: {},
    fallbacks: [],
    ...overrides,
    timeouts: { firstTokenMs: 2_000, idleMs: 2_000, ...overrides.timeouts },
  });
}

interface Outcome {
  events: CompletionEvent[];
  error: unknown;
}

async function run(
  request: Partial<CompletionRequest> = {},
  { signal = new AbortController().signal, withinMs = 10_000 } = {},
): Promise<Outcome> {
  const events: CompletionEvent[] = [];
  const complete = { mode: "auto" as const, messages: [{ role: "user" as const, content: "hi" }], ...request };
  try {
    for await (const event of runner.run(complete, { signal, deadlineAt: Date.now() + withinMs })) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

function typesOf({ events }: Outcome): string[] {
  return events.map((event) => event.type);
}

describe("a completion", () => {
  it("names the model, then passes its events on", async () => {
    const outcome = await run();
    expect(outcome.error).toBeUndefined();
    expect(outcome.events).toEqual([
      { type: "model", model: "test/main" },
      { type: "text", text: "t0 t1 t2 " },
      { type: "usage", inputTokens: 1, outputTokens: 3 },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("asks for no more tokens than the model's limit", async () => {
    addModel("main", { limits: { maxOutputTokens: 10 } });
    await run();
    await run({ maxTokens: 5 });
    await run({ maxTokens: 50 });
    expect(upstream.requests.map((request) => request.body["max_tokens"])).toEqual([10, 5, 10]);
  });

  it("fails with not_found for a model that is not there", async () => {
    expect((await run({ model: "gone" })).error).toMatchObject({ code: "not_found" });
  });

  it("counts tries, tokens and cost", async () => {
    addModel("main", { prices: { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 } });
    await run();
    const text = await metrics.registry.metrics();
    expect(text).toMatch(/orchestra_completion_tries_total\{[^}]*outcome="ok"[^}]*\} 1/);
    expect(text).toMatch(/orchestra_completion_tokens_total\{[^}]*direction="output"[^}]*\} 3/);
    expect(text).toMatch(/orchestra_completion_cost_total\{[^}]*\} 7/);
  });
});

describe("before the first token", () => {
  it("tries again after a passing failure", async () => {
    upstream.respondWith(() => (upstream.requests.length < 3 ? { status: 503 } : {}));
    const outcome = await run();
    expect(typesOf(outcome)).toEqual(["model", "text", "usage", "finish"]);
    expect(upstream.requests).toHaveLength(3);
  });

  it("waits as long as the provider asks", async () => {
    upstream.respondWith(() =>
      upstream.requests.length < 2 ? { status: 429, headers: { "retry-after-ms": "150" } } : {},
    );
    expect((await run()).error).toBeUndefined();
    expect(upstream.requests[1]!.at - upstream.requests[0]!.at).toBeGreaterThanOrEqual(145);
  });

  it("gives up at once when the provider asks for a long pause", async () => {
    upstream.respondWith({ status: 429, headers: { "retry-after": "600" } });
    expect((await run()).error).toMatchObject({ code: "provider_unavailable", retryAfterMs: 600_000 });
    expect(upstream.requests).toHaveLength(1);
  });

  it("does not repeat what the provider refused", async () => {
    upstream.respondWith({ status: 400 });
    expect((await run()).error).toMatchObject({ code: "provider_error" });
    expect(upstream.requests).toHaveLength(1);
  });

  it("goes on to the fallbacks in their order and says so", async () => {
    addModel("main", { fallbacks: ["gone", "second", "third"] });
    addModel("second");
    addModel("third");
    upstream.respondWith({ status: 401 }, "main");
    upstream.respondWith({ status: 404 }, "second");
    const outcome = await run();
    expect(outcome.events.slice(0, 3)).toEqual([
      { type: "fallback", from: "test/main", to: "test/second", code: "provider_error" },
      { type: "fallback", from: "test/second", to: "test/third", code: "provider_error" },
      { type: "model", model: "test/third" },
    ]);
    expect(outcome.error).toBeUndefined();
  });

  it("fails with the last model's error when all fail", async () => {
    addModel("main", { fallbacks: ["second"] });
    addModel("second", { timeouts: { firstTokenMs: 100 } });
    upstream.respondWith({ status: 401 }, "main");
    upstream.respondWith({ hang: true }, "second");
    expect((await run()).error).toMatchObject({ code: "timeout" });
  });

  it("falls back when the first token is late, and closes the socket it waited on", async () => {
    addModel("main", { fallbacks: ["second"], timeouts: { firstTokenMs: 100 } });
    addModel("second");
    upstream.respondWith({ firstTokenMs: 60_000 }, "main");
    const outcome = await run();
    expect(outcome.events[0]).toMatchObject({ type: "fallback", code: "timeout" });
    expect(outcome.error).toBeUndefined();
    expect(upstream.requests.filter((request) => request.model === "main")).toHaveLength(1);
    await upstream.requests[0]!.aborted();
  });

  it("stops asking a model that keeps failing, and asks it again later", async () => {
    upstream.respondWith({ status: 500 });
    for (let turn = 0; turn < 5; turn += 1) await run();
    const asked = upstream.requests.length;
    const refused = await run();
    expect(refused.error).toMatchObject({ code: "provider_unavailable", retryable: true });
    expect((refused.error as OrchestraError).retryAfterMs).toBeGreaterThan(1_000);
    expect(upstream.requests).toHaveLength(asked);
    expect(await metrics.registry.metrics()).toMatch(/orchestra_completion_circuit_open\{[^}]*\} 1/);
  });

  it("does not blame a model for requests that it refused or limited", async () => {
    for (const status of [400, 429]) {
      upstream.respondWith({ status, headers: { "retry-after": "60" } });
      for (let turn = 0; turn < 8; turn += 1) await run();
    }
    upstream.respondWith({});
    expect((await run()).error).toBeUndefined();
  });

  it("spends a budget on repeats when everything fails", async () => {
    addModel("main", { fallbacks: [] });
    upstream.respondWith({ status: 408 });
    for (let turn = 0; turn < 4; turn += 1) await run();
    expect(upstream.requests).toHaveLength(4);
  });
});

describe("after the first token", () => {
  it.each(["cut", "error", "garbage", "truncate"] as const)(
    "repeats nothing when the stream ends by %s",
    async (ending) => {
      addModel("main", { fallbacks: ["second"] });
      addModel("second");
      upstream.respondWith({ tokens: 2, tokenMs: 1, ending }, "main");
      const outcome = await run();
      expect(outcome.error).toMatchObject({ code: "provider_error" });
      expect(typesOf(outcome)).not.toContain("fallback");
      expect(upstream.requests).toHaveLength(1);
    },
  );

  it("fails with timeout when the gap is too long", async () => {
    addModel("main", { timeouts: { idleMs: 100 } });
    upstream.respondWith({ tokens: 2, tokenMs: 5, ending: "stall" });
    const outcome = await run();
    expect(outcome.error).toMatchObject({ code: "timeout" });
    expect(typesOf(outcome)).toContain("text");
    await upstream.requests[0]!.aborted();
  });

  it("lets a slow answer be as long as its gaps are short", async () => {
    addModel("main", { timeouts: { idleMs: 200 } });
    upstream.respondWith({ tokens: 20, tokenMs: 30 });
    expect((await run()).error).toBeUndefined();
  });

  it("does not count the time of a slow reader as a gap", async () => {
    addModel("main", { timeouts: { idleMs: 100 } });
    upstream.respondWith({ tokens: 3, tokenMs: 1 });
    const events = runner.run(
      { mode: "auto", messages: [] },
      { signal: new AbortController().signal, deadlineAt: Date.now() + 10_000 },
    );
    let last: CompletionEvent | undefined;
    for await (const event of events) {
      last = event;
      if (event.type === "text") await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(last?.type).toBe("finish");
  });

  it("fails with timeout when the whole answer takes too long", async () => {
    addModel("main", { timeouts: { totalMs: 150 } });
    upstream.respondWith({ tokens: 1_000, tokenMs: 10 });
    expect((await run()).error).toMatchObject({ code: "timeout" });
  });
});

describe("the turn's own end", () => {
  it("ends a completion at the deadline without trying fallbacks", async () => {
    addModel("main", { fallbacks: ["second"] });
    addModel("second");
    upstream.respondWith({ hang: true }, "main");
    const outcome = await run({}, { withinMs: 150 });
    expect(outcome.error).toMatchObject({ code: "timeout" });
    expect(outcome.events).toEqual([]);
  });

  it.each([
    ["before the headers", { hang: true }],
    ["in mid-stream", { tokens: 2, ending: "stall" as const }],
  ])("reaches the provider's socket within milliseconds when it is cancelled %s", async (_, script) => {
    upstream.respondWith(script);
    const controller = new AbortController();
    const running = run({}, { signal: controller.signal });
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    const abortedAt = Date.now();
    controller.abort();
    expect((await running).error).toMatchObject({ code: "cancelled" });
    expect((await upstream.requests[0]!.aborted()) - abortedAt).toBeLessThan(100);
  });

  it("ends the pause before a repeat when it is cancelled", async () => {
    upstream.respondWith({ status: 429, headers: { "retry-after": "4" } });
    const controller = new AbortController();
    const running = run({}, { signal: controller.signal });
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    const abortedAt = Date.now();
    controller.abort();
    expect((await running).error).toMatchObject({ code: "cancelled" });
    expect(Date.now() - abortedAt).toBeLessThan(500);
  });

  it("closes the provider's socket when the reader leaves early", async () => {
    upstream.respondWith({ tokens: 1, ending: "stall" });
    const options = { signal: new AbortController().signal, deadlineAt: Date.now() + 10_000 };
    for await (const event of runner.run({ mode: "auto", messages: [] }, options)) if (event.type === "text") break;
    await upstream.requests[0]!.aborted();
  });
});

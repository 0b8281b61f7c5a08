import { createServer, type AddressInfo } from "node:net";
import { OrchestraError } from "@ai-orchestra/contracts";
import { eventually, startUpstream, type Upstream } from "@ai-orchestra/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatProvider, ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { createOpenAiProvider } from "./openai-provider.js";

const REQUEST: ProviderRequest = { model: "test-model", messages: [{ role: "user", content: "hi" }] };

let upstream: Upstream;
let provider: ChatProvider;

beforeEach(async () => {
  upstream = await startUpstream();
  provider = createProvider(upstream.url);
});
afterEach(async () => {
  await upstream.close();
  await provider.close();
});

function createProvider(baseUrl: string, maxConnections = 8): ChatProvider {
  return createOpenAiProvider({
    baseUrl,
    apiKey: "secret",
    maxConnections,
    connectTimeoutMs: 1_000,
    includeUsage: true,
    now: () => 1_000_000,
  });
}

async function collect(events: AsyncIterable<ProviderEvent>): Promise<ProviderEvent[]> {
  const collected: ProviderEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

function run(request: Partial<ProviderRequest> = {}, signal = new AbortController().signal): Promise<ProviderEvent[]> {
  return collect(provider.stream({ ...REQUEST, ...request }, signal));
}

async function failureOf(running: Promise<unknown>): Promise<OrchestraError> {
  const thrown: unknown = await running.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(OrchestraError);
  return thrown as OrchestraError;
}

function textOf(events: ProviderEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}

describe("a healthy answer", () => {
  it("is text, then the token counts, then the finish reason", async () => {
    upstream.respondWith({ tokens: ["Grüße ", "🙂"], tokenMs: 1 });
    const events = await run();
    expect(textOf(events)).toBe("Grüße 🙂");
    expect(events.slice(-2)).toEqual([
      { type: "usage", inputTokens: 1, outputTokens: 2 },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("becomes one text event when its tokens arrive in one read", async () => {
    upstream.respondWith({ tokens: 5 });
    expect((await run()).filter((event) => event.type === "text")).toEqual([{ type: "text", text: "t0 t1 t2 t3 t4 " }]);
  });

  it("has no usage event when the endpoint counts nothing", async () => {
    upstream.respondWith({ usage: false });
    expect((await run()).some((event) => event.type === "usage")).toBe(false);
  });

  it("was asked for with the key, the parameters and the messages in the wire's own words", async () => {
    await run({
      temperature: 0.5,
      maxTokens: 7,
      messages: [
        { role: "assistant", content: null, toolCalls: [{ id: "c1", name: "f", arguments: "{}" }] },
        { role: "tool", content: "42", toolCallId: "c1" },
      ],
    });
    expect(upstream.requests[0]?.headers["authorization"]).toBe("Bearer secret");
    expect(upstream.requests[0]?.body).toMatchObject({
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.5,
      max_tokens: 7,
      messages: [
        { role: "assistant", tool_calls: [{ id: "c1", type: "function", function: { name: "f", arguments: "{}" } }] },
        { role: "tool", content: "42", tool_call_id: "c1" },
      ],
    });
  });

  it("carries tool calls in fragments that add up", async () => {
    upstream.respondWith({
      tokens: [],
      toolCalls: [
        { id: "a", name: "look_up", arguments: '{"city":"Oslo"}' },
        { id: "b", name: "add", arguments: "[1,2]" },
      ],
      fragmentChars: 4,
      finishReason: "tool_calls",
    });
    const events = await run();
    const calls = events.filter((event) => event.type === "tool");
    expect(calls.filter((call) => call.name !== undefined).map(({ index, id, name }) => ({ index, id, name }))).toEqual(
      [
        { index: 0, id: "a", name: "look_up" },
        { index: 1, id: "b", name: "add" },
      ],
    );
    const argumentsOf = (index: number): string =>
      calls.map((call) => (call.index === index ? call.arguments : "")).join("");
    expect(argumentsOf(0)).toBe('{"city":"Oslo"}');
    expect(argumentsOf(1)).toBe("[1,2]");
    expect(events.at(-1)).toEqual({ type: "finish", reason: "tool_calls" });
  });

  it("keeps connections for the next request", async () => {
    for (let turn = 0; turn < 10; turn += 1) await run();
    const ports = new Set(upstream.requests.map((request) => request.remotePort));
    // Two, because an answer is over with its last event, a moment before its connection is free.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it("reaches a reader who is much slower than the upstream", async () => {
    const tokens = Array.from({ length: 5_000 }, (_, index) => `${index} `.padEnd(200, "."));
    upstream.respondWith({ tokens });
    const events: ProviderEvent[] = [];
    for await (const event of provider.stream(REQUEST, new AbortController().signal)) {
      events.push(event);
      await new Promise(setImmediate);
    }
    expect(textOf(events)).toBe(tokens.join(""));
  });
});

describe("an upstream in trouble", () => {
  it.each([
    [400, "provider_error", false],
    [401, "provider_error", false],
    [404, "provider_error", false],
    [408, "timeout", true],
    [422, "provider_error", false],
    [429, "provider_unavailable", true],
    [500, "provider_unavailable", true],
    [503, "provider_unavailable", true],
    [529, "provider_unavailable", true],
  ])("that answers %i is a %s", async (status, code, retryable) => {
    upstream.respondWith({ status });
    const error = await failureOf(run());
    expect({ code: error.code, retryable: error.retryable }).toEqual({ code, retryable });
    expect(error.message).toContain(String(status));
  });

  it.each([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after": new Date(1_007_000).toUTCString() }, 7_000],
    [{ "retry-after-ms": "1234", "retry-after": "9" }, 1_234],
    [{}, undefined],
  ])("that limits us with %j asks for a pause of %s ms", async (headers, retryAfterMs) => {
    upstream.respondWith({ status: 429, headers });
    expect((await failureOf(run())).retryAfterMs).toBe(retryAfterMs);
  });

  it("is not asked again for a quota that is spent", async () => {
    upstream.respondWith({ status: 429, body: '{"error":{"code":"insufficient_quota","message":"org-1 sk-secret"}}' });
    const error = await failureOf(run());
    expect(error.retryable).toBe(false);
    expect(error.message).not.toMatch(/org-1|sk-secret/);
  });

  it.each(["cut", "truncate", "garbage", "error"] as const)(
    "that ends a stream by %s fails as provider_error after the text before it",
    async (ending) => {
      upstream.respondWith({ tokens: ["a ", "b "], tokenMs: 1, ending });
      const seen: ProviderEvent[] = [];
      const error = await failureOf(
        (async () => {
          for await (const event of provider.stream(REQUEST, new AbortController().signal)) seen.push(event);
        })(),
      );
      expect({ code: error.code, retryable: error.retryable }).toEqual({ code: "provider_error", retryable: true });
      expect(textOf(seen)).toBe("a b ");
    },
  );

  it("that refuses the connection is provider_unavailable", async () => {
    await upstream.close();
    const error = await failureOf(run());
    expect({ code: error.code, retryable: error.retryable }).toEqual({ code: "provider_unavailable", retryable: true });
  });

  it("that hangs up before its answer is provider_unavailable", async () => {
    const server = createServer((socket) => socket.on("data", () => socket.destroy()).on("error", () => undefined));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const other = createProvider(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
    const error = await failureOf(collect(other.stream(REQUEST, new AbortController().signal)));
    expect(error.code).toBe("provider_unavailable");
    server.close();
    await other.close();
  });

  it("does not use up connections", async () => {
    const single = createProvider(upstream.url, 1);
    for (const script of [{ status: 500 }, { ending: "garbage" as const }, { ending: "cut" as const }, {}]) {
      upstream.respondWith(script);
      await eventually(async () => {
        const outcome = await collect(single.stream(REQUEST, new AbortController().signal)).catch((e: unknown) => e);
        expect(outcome).not.toMatchObject({ code: "overloaded" });
      });
    }
    await single.close();
  });
});

describe("a cancelled completion", () => {
  it.each([
    ["before the headers", { hang: true }],
    ["in mid-stream", { tokens: 2, ending: "stall" as const }],
  ])("closes the upstream's socket within milliseconds %s", async (_, script) => {
    upstream.respondWith(script);
    const controller = new AbortController();
    const running = failureOf(run({}, controller.signal));
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    const abortedAt = Date.now();
    controller.abort();
    expect((await running).code).toBe("cancelled");
    expect((await upstream.requests[0]!.aborted()) - abortedAt).toBeLessThan(100);
  });

  it("fails with the reason of the abort where that has a code", async () => {
    upstream.respondWith({ hang: true });
    const controller = new AbortController();
    const running = failureOf(run({}, controller.signal));
    controller.abort(new OrchestraError("timeout", "too slow"));
    expect((await running).code).toBe("timeout");
  });

  it("is not sent at all when its signal had aborted before", async () => {
    expect((await failureOf(run({}, AbortSignal.abort()))).code).toBe("cancelled");
    expect(upstream.requests).toHaveLength(0);
  });

  it("closes the socket when the reader leaves early", async () => {
    upstream.respondWith({ tokens: 1, ending: "stall" });
    for await (const event of provider.stream(REQUEST, new AbortController().signal)) {
      expect(event.type).toBe("text");
      break;
    }
    await upstream.requests[0]!.aborted();
  });

  it("frees its connection for the next one", async () => {
    const single = createProvider(upstream.url, 1);
    upstream.respondWith({ hang: true });
    const controller = new AbortController();
    const first = failureOf(collect(single.stream(REQUEST, controller.signal)));
    const second = await failureOf(collect(single.stream(REQUEST, new AbortController().signal)));
    expect(second.code).toBe("overloaded");
    controller.abort();
    await first;
    upstream.respondWith({});
    await eventually(() => collect(single.stream(REQUEST, new AbortController().signal)));
    await single.close();
  });
});

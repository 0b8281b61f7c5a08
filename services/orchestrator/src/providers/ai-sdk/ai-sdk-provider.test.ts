import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { OrchestraError } from "@ai-orchestra/contracts";
import { eventually, startAnthropicUpstream, type Upstream } from "@ai-orchestra/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatProvider, ProviderEvent, ProviderRequest } from "../chat-provider.js";
import { createAiSdkProvider } from "./ai-sdk-provider.js";
import type { AiSdkVendor } from "./load-language-model.js";

const REQUEST: ProviderRequest = { model: "claude-test", messages: [{ role: "user", content: "hi" }] };

let upstream: Upstream;
let provider: ChatProvider;

beforeEach(async () => {
  upstream = await startAnthropicUpstream();
  provider = createProvider("anthropic");
});
afterEach(async () => {
  await upstream.close();
  await provider.close();
});

function createProvider(vendor: AiSdkVendor): ChatProvider {
  return createAiSdkProvider({
    vendor,
    apiKey: "secret",
    baseUrl: upstream.url,
    maxConnections: 8,
    connectTimeoutMs: 1_000,
    now: () => 1_000_000,
  });
}

interface Outcome {
  events: ProviderEvent[];
  error: unknown;
}

async function run(
  request: Partial<ProviderRequest> = {},
  signal = new AbortController().signal,
  chat = provider,
): Promise<Outcome> {
  const events: ProviderEvent[] = [];
  try {
    for await (const event of chat.stream({ ...REQUEST, ...request }, signal)) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

function textOf(events: ProviderEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}

describe("Anthropic through the AI SDK", () => {
  it("streams text, then the token counts, then the finish reason", async () => {
    upstream.respondWith({ tokens: ["Grüße ", "🙂"], tokenMs: 1 });
    const { events, error } = await run();
    expect(error).toBeUndefined();
    expect(events).toEqual([
      { type: "text", text: "Grüße " },
      { type: "text", text: "🙂" },
      { type: "usage", inputTokens: 1, outputTokens: 2 },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("sends the key, the instructions, tools and earlier tool calls in the vendor's own words", async () => {
    await run({
      maxTokens: 7,
      tools: [{ type: "function", function: { name: "add", parameters: { type: "object", properties: {} } } }],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "1+1?" },
        { role: "assistant", content: null, toolCalls: [{ id: "c1", name: "add", arguments: '{"a":1}' }] },
        { role: "tool", content: "2", toolCallId: "c1" },
      ],
    });
    expect(upstream.requests[0]?.headers["x-api-key"]).toBe("secret");
    expect(upstream.requests[0]?.body).toMatchObject({
      max_tokens: 7,
      system: [{ type: "text", text: "Be brief." }],
      tools: [{ name: "add" }],
      messages: [
        { role: "user", content: [{ type: "text", text: "1+1?" }] },
        { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "add", input: { a: 1 } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "c1" }] },
      ],
    });
  });

  it("sends a client's sampling in the vendor's own words, and leaves out what the vendor does not have", async () => {
    const parameters = { type: "object", properties: {} };
    const { error } = await run({
      // The SDK leaves sampling out for models that it does not know.
      model: "claude-sonnet-4-5",
      tools: [{ type: "function", function: { name: "time", parameters } }],
      sampling: {
        topP: 0.9,
        stop: ["END"],
        seed: 7,
        logitBias: { "1": 2 },
        toolChoice: { type: "function", function: { name: "time" } },
        parallelToolCalls: false,
        user: "u-1",
      },
    });
    expect(error).toBeUndefined();
    expect(upstream.requests[0]?.body).toMatchObject({
      top_p: 0.9,
      stop_sequences: ["END"],
      tool_choice: { type: "tool", name: "time", disable_parallel_tool_use: true },
      metadata: { user_id: "u-1" },
    });
  });

  it("asks for JSON of a shape where the client does", async () => {
    upstream.respondWith({ tokens: ['{"a":', "1}"] });
    const schema = { type: "object", properties: { a: { type: "number" } } };
    const { error } = await run({
      sampling: { responseFormat: { type: "json_schema", json_schema: { name: "answer", schema } } },
    });
    expect(error).toBeUndefined();
    expect(JSON.stringify(upstream.requests[0]?.body)).toContain('"properties":{"a":{"type":"number"}}');
  });

  it("carries tool calls in fragments that add up", async () => {
    upstream.respondWith({
      tokens: [],
      toolCalls: [{ id: "a", name: "look_up", arguments: '{"city":"Oslo"}' }],
      fragmentChars: 4,
      finishReason: "tool_use",
    });
    const { events } = await run({
      tools: [{ type: "function", function: { name: "look_up", parameters: { type: "object" } } }],
    });
    const calls = events.filter((event) => event.type === "tool");
    expect(calls[0]).toMatchObject({ index: 0, id: "a", name: "look_up" });
    expect(calls.map((call) => call.arguments).join("")).toBe('{"city":"Oslo"}');
    expect(events.at(-1)).toEqual({ type: "finish", reason: "tool_calls" });
  });

  it.each([
    [400, "provider_error", false],
    [401, "provider_error", false],
    [429, "provider_unavailable", true],
    [500, "provider_unavailable", true],
    [529, "provider_unavailable", true],
  ])("fails on %i as %s and asks only once", async (status, code, retryable) => {
    upstream.respondWith({ status, headers: { "retry-after": "2" } });
    const { error } = await run();
    expect(error).toMatchObject({ code, retryable, retryAfterMs: retryable ? 2_000 : undefined });
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(["error", "cut", "truncate"] as const)(
    "does not take the finish after a stream that ended by %s for success",
    async (ending) => {
      upstream.respondWith({ tokens: ["a ", "b "], tokenMs: 1, ending });
      const { events, error } = await run();
      expect(error).toBeInstanceOf(OrchestraError);
      expect(error).toMatchObject({ code: "provider_error", retryable: true });
      expect(events.some((event) => event.type === "finish")).toBe(false);
      expect(textOf(events)).toBe("a b ");
    },
  );

  it("is provider_unavailable when the connection is refused", async () => {
    await upstream.close();
    expect((await run()).error).toMatchObject({ code: "provider_unavailable", retryable: true });
  });

  it.each([
    ["before the headers", { hang: true }],
    ["in mid-stream", { tokens: 2, ending: "stall" as const }],
  ])("closes the upstream's socket when it is cancelled %s", async (_, script) => {
    upstream.respondWith(script);
    const controller = new AbortController();
    const running = run({}, controller.signal);
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    const abortedAt = Date.now();
    controller.abort();
    expect((await running).error).toMatchObject({ code: "cancelled" });
    expect((await upstream.requests[0]!.aborted()) - abortedAt).toBeLessThan(200);
  });

  it("closes the upstream's socket when the reader leaves early", async () => {
    upstream.respondWith({ tokens: 1, ending: "stall" });
    for await (const event of provider.stream(REQUEST, new AbortController().signal)) {
      expect(event.type).toBe("text");
      break;
    }
    await upstream.requests[0]!.aborted();
  });

  it("fetches no address that a client names as an image", async () => {
    let fetched = 0;
    const internal = createServer((_, response) => {
      fetched += 1;
      response.end();
    });
    await new Promise<void>((resolve) => internal.listen(0, "127.0.0.1", resolve));
    const google = createProvider("google");
    const url = `http://127.0.0.1:${(internal.address() as AddressInfo).port}/secret.png`;
    const messages: ProviderRequest["messages"] = [
      { role: "user", content: [{ type: "image_url", image_url: { url } }] },
    ];
    const { error } = await run({ messages }, new AbortController().signal, google);
    expect(error).toMatchObject({ code: "provider_error", retryable: false });
    expect(fetched).toBe(0);
    internal.close();
    await google.close();
  });
});

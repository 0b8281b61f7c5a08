import { eventually } from "@ai-orchestra/testkit";
import { APIError, APIUserAbortError, NotFoundError, OpenAI } from "openai";
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from "openai/resources/chat/completions";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Mesh, script, startMesh } from "./start-mesh.js";

const MODEL = "mock/model";
const messages = [{ role: "user" as const, content: "hi" }];

let mesh: Mesh;
let client: OpenAI;

beforeAll(async () => {
  mesh = await startMesh();
  client = new OpenAI({ baseURL: `${mesh.stack.url}/v1`, apiKey: "any" });
});

afterAll(() => mesh.stop());

async function collect(options: Partial<ChatCompletionCreateParamsStreaming> = {}): Promise<ChatCompletionChunk[]> {
  const stream = await client.chat.completions.create({ model: MODEL, messages, ...options, stream: true });
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** What `call` rejects with. */
async function errorOf(call: Promise<unknown>): Promise<APIError> {
  try {
    await call;
  } catch (thrown) {
    if (thrown instanceof APIError) return thrown as APIError;
    throw thrown;
  }
  throw new Error("the call did not fail");
}

const textOf = (chunks: readonly ChatCompletionChunk[]): string =>
  chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");

describe("the official openai client", () => {
  it("gets a whole answer with usage and a request id", async () => {
    mesh.upstream.respondWith({ tokens: ["Hel", "lo"] });
    const { data, request_id } = await client.chat.completions.create({ model: MODEL, messages }).withResponse();
    expect(data).toMatchObject({
      object: "chat.completion",
      model: MODEL,
      choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    });
    expect(data.id).toMatch(/^chatcmpl-/);
    expect(request_id).toMatch(/^[\w-]+$/);
  });

  it("streams: the role first, then the text, then the reason, and the usage where it was asked for", async () => {
    const { tokens, text } = script(40);
    mesh.upstream.respondWith({ tokens, tokenMs: 2 });
    const chunks = await collect({ stream_options: { include_usage: true } });
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(textOf(chunks)).toBe(text);
    const reasons = chunks.flatMap((chunk) => chunk.choices.map(({ finish_reason }) => finish_reason));
    expect(reasons.at(-1)).toBe("stop");
    expect(reasons.filter((reason) => reason !== null)).toHaveLength(1);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 1, completion_tokens: 40, total_tokens: 41 },
    });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1);
    expect(chunks.length).toBeGreaterThan(5);
    expect((await collect()).every(({ usage }) => usage === undefined)).toBe(true);
  });

  it("is served by the stream helper, which puts an answer together", async () => {
    const { tokens, text } = script(10);
    mesh.upstream.respondWith({ tokens, finishReason: "length" });
    const completion = await client.chat.completions.stream({ model: MODEL, messages }).finalChatCompletion();
    expect(completion).toMatchObject({ choices: [{ message: { content: text }, finish_reason: "length" }] });
  });

  it("gets tool calls as the model made them, whole and in fragments with their index", async () => {
    const toolCalls = [
      { id: "call_a", name: "weather", arguments: '{"city":"Oslo","days":3}' },
      { id: "call_b", name: "time", arguments: '{"zone":"Europe/Oslo"}' },
    ];
    mesh.upstream.respondWith({ tokens: [], toolCalls, finishReason: "tool_calls" });
    const tools = toolCalls.map(({ name }) => ({
      type: "function" as const,
      function: { name, parameters: { type: "object", properties: {} } },
    }));
    const expected = toolCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: "function",
      function: { name, arguments: text },
    }));
    const whole = await client.chat.completions.create({ model: MODEL, messages, tools, tool_choice: "required" });
    expect(whole.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { content: null, tool_calls: expected },
    });
    expect(mesh.upstream.requests.at(-1)?.body).toMatchObject({ tools, tool_choice: "required" });

    const chunks = await collect({ tools });
    const put: { id: string; type: string; function: { name: string; arguments: string } }[] = [];
    for (const call of chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])) {
      put[call.index] ??= { id: call.id!, type: call.type!, function: { name: call.function!.name!, arguments: "" } };
      put[call.index]!.function.arguments += call.function?.arguments ?? "";
    }
    expect(put).toEqual(expected);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("tool_calls");
  });

  it("sends back what tools answered", async () => {
    mesh.upstream.respondWith({ tokens: ["sunny"] });
    const call = { id: "call_a", type: "function" as const, function: { name: "weather", arguments: "{}" } };
    const conversation = [
      { role: "developer" as const, content: "be short" },
      { role: "user" as const, content: [{ type: "text" as const, text: "weather?" }] },
      { role: "assistant" as const, content: null, tool_calls: [call] },
      { role: "tool" as const, tool_call_id: "call_a", content: "sun" },
    ];
    await client.chat.completions.create({ model: MODEL, messages: conversation });
    expect(mesh.upstream.requests.at(-1)?.messages).toEqual([
      { ...conversation[0], role: "system" },
      ...conversation.slice(1),
    ]);
  });

  it("has every sampling parameter passed on to the provider", async () => {
    mesh.upstream.respondWith({});
    const sampling = {
      temperature: 0.3,
      top_p: 0.9,
      stop: ["END", "STOP"],
      seed: 7,
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
      logit_bias: { "50256": -100 },
      response_format: {
        type: "json_schema" as const,
        json_schema: { name: "answer", schema: { type: "object" }, strict: true },
      },
      parallel_tool_calls: false,
      reasoning_effort: "low" as const,
      user: "u-1",
    };
    await client.chat.completions.create({ model: MODEL, messages, ...sampling, max_completion_tokens: 50, n: 1 });
    expect(mesh.upstream.requests.at(-1)?.body).toMatchObject({ ...sampling, max_tokens: 50 });
    await client.chat.completions.create({ model: MODEL, messages, stop: "END", max_tokens: 9 });
    expect(mesh.upstream.requests.at(-1)?.body).toMatchObject({ stop: ["END"], max_tokens: 9 });
  });

  it("is told what is wrong with a request, in OpenAI's words and with our code", async () => {
    const error = await errorOf(client.chat.completions.create({ model: MODEL, messages, n: 2 }));
    expect(error).toMatchObject({ status: 400, code: "invalid_request", type: "invalid_request_error", param: "n" });
    expect(error.headers?.get("x-should-retry")).toBe("false");
    const unknown = await errorOf(client.chat.completions.create({ model: "nobody/nothing", messages, stream: true }));
    expect(unknown).toBeInstanceOf(NotFoundError);
    expect(unknown).toMatchObject({ code: "not_found", type: "not_found_error", param: null });
  });

  it("does not pay twice for an answer that broke, and gets the error inside the stream", async () => {
    mesh.upstream.respondWith({ tokens: ["half"], ending: "error" });
    const before = mesh.upstream.requests.length;
    const whole = await errorOf(client.chat.completions.create({ model: MODEL, messages }));
    expect(whole).toMatchObject({ status: 502, code: "provider_error", type: "server_error" });
    expect(mesh.upstream.requests.length - before).toBe(1);
    const chunks: ChatCompletionChunk[] = [];
    const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
    const streamed = await errorOf(
      (async () => {
        for await (const chunk of stream) chunks.push(chunk);
      })(),
    );
    expect(textOf(chunks)).toBe("half");
    expect(streamed).toMatchObject({ code: "provider_error", type: "server_error" });
    expect(mesh.upstream.requests.length - before).toBe(2);
  });

  it("sees comments before the first token, and the answer after them", async () => {
    const { tokens, text } = script(3);
    mesh.upstream.respondWith({ tokens, firstTokenMs: 1_500 });
    const response = await client.chat.completions.create({ model: MODEL, messages, stream: true }).asResponse();
    const body = await response.text();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(body.startsWith(": ping\n\n")).toBe(true);
    expect(body.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(textOf(await collect())).toBe(text);
  });

  it("cancels the turn when it goes away: the upstream's socket closes", async () => {
    mesh.upstream.respondWith({ tokens: script(1_000).tokens, tokenMs: 20 });
    const before = mesh.upstream.requests.length;
    const stream = await client.chat.completions.create({ model: MODEL, messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    expect(await mesh.upstream.requests[before]?.aborted(2_000)).toBeGreaterThan(0);

    const leaving = new AbortController();
    const whole = client.chat.completions.create({ model: MODEL, messages }, { signal: leaving.signal });
    await eventually(() => expect(mesh.upstream.requests.length).toBe(before + 2));
    leaving.abort();
    await expect(whole).rejects.toThrow(APIUserAbortError);
    expect(await mesh.upstream.requests[before + 1]?.aborted(2_000)).toBeGreaterThan(0);
  });

  it("lists the models, the default first, and finds one", async () => {
    const { data } = await client.models.list();
    expect(data[0]).toEqual({ id: MODEL, object: "model", created: 0, owned_by: "mock" });
    expect(await client.models.retrieve(MODEL)).toMatchObject({ id: MODEL });
    expect(await errorOf(client.models.retrieve("nope"))).toMatchObject({ status: 404, code: "not_found" });
  });

  it("serves fifty at once, each its own answer", async () => {
    mesh.upstream.respondWith((request) => ({ tokens: [String(request.messages[0]?.["content"]), "!"], tokenMs: 5 }));
    const asked = Array.from({ length: 50 }, (_, index) => `q${index}`);
    const answers = await Promise.all(
      asked.map(async (content) => textOf(await collect({ messages: [{ role: "user", content }] }))),
    );
    expect(answers).toEqual(asked.map((question) => `${question}!`));
  });
});

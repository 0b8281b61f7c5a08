import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, startUpstream, type Upstream } from "./index.js";

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startUpstream({ models: ["small", "large"] });
});
afterEach(() => upstream.close());

function ask(body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${upstream.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer key" },
    body: JSON.stringify({ model: "small", messages: [{ role: "user", content: "hi" }], stream: true, ...body }),
    signal: signal ?? null,
  });
}

function framesOf(text: string): Record<string, unknown>[] {
  return text
    .split("\n\n")
    .filter((frame) => frame.startsWith("data: {"))
    .map((frame) => JSON.parse(frame.slice(6)) as Record<string, unknown>);
}

describe("startUpstream", () => {
  it("streams the scripted tokens, then the finish reason, the counts and [DONE]", async () => {
    upstream.respondWith({ tokens: ["Hello ", "world"], finishReason: "length" });
    const text = await (await ask({ stream_options: { include_usage: true } })).text();
    const frames = framesOf(text);
    const said = frames.map(
      (frame) => (frame["choices"] as { delta?: { content?: string } }[])[0]?.delta?.content ?? "",
    );
    expect(said.join("")).toBe("Hello world");
    expect(frames.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } });
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  it("answers in one body when no stream is asked for", async () => {
    upstream.respondWith({ tokens: ["a", "b"] });
    const answer: unknown = await (await ask({ stream: false })).json();
    expect(answer).toMatchObject({ choices: [{ message: { content: "ab" }, finish_reason: "stop" }] });
  });

  it("records what was asked", async () => {
    await (await ask({})).text();
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.requests[0]).toMatchObject({
      model: "small",
      messages: [{ role: "user", content: "hi" }],
      headers: { authorization: "Bearer key" },
    });
  });

  it("keeps only the newest requests", async () => {
    await using other = await disposable(await startUpstream({ maxRecorded: 2 }));
    for (const model of ["a", "b", "c"]) {
      await (
        await fetch(`${other.upstream.url}/chat/completions`, { method: "POST", body: JSON.stringify({ model }) })
      ).text();
    }
    expect(other.upstream.requests.map((request) => request.model)).toEqual(["b", "c"]);
  });

  it("tells when a client closed its socket", async () => {
    upstream.respondWith({ tokens: 1, ending: "stall" });
    const controller = new AbortController();
    await ask({}, controller.signal);
    const abortedAt = Date.now();
    controller.abort();
    expect((await upstream.requests[0]!.aborted()) - abortedAt).toBeLessThan(200);
  });

  it("says so when the client never closed it", async () => {
    upstream.respondWith({ hang: true });
    const answer = ask({});
    await eventually(() => expect(upstream.requests).toHaveLength(1));
    await expect(upstream.requests[0]!.aborted(20)).rejects.toThrow("within 20 ms");
    await upstream.close();
    await expect(answer).rejects.toThrow();
  });

  it("fails with the scripted status and headers, for one model only", async () => {
    upstream.respondWith({ status: 429, headers: { "retry-after": "7" } }, "large");
    const refused = await ask({ model: "large" });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("7");
    expect((await ask({})).status).toBe(200);
  });

  it("chooses a script for each request", async () => {
    upstream.respondWith((request) => ({ tokens: [String(request.messages.length)] }));
    const text = await (await ask({ messages: [{}, {}, {}] })).text();
    expect(text).toContain('"content":"3"');
  });

  it("cuts, truncates and breaks a stream", async () => {
    upstream.respondWith({ tokens: 2, tokenMs: 1, ending: "cut" });
    await expect((await ask({})).text()).rejects.toThrow();
    upstream.respondWith({ tokens: 2, ending: "truncate" });
    expect(await (await ask({})).text()).not.toContain("[DONE]");
    upstream.respondWith({ tokens: 2, ending: "error" });
    expect(await (await ask({})).text()).toContain('data: {"error"');
  });

  it("sends tool calls in fragments", async () => {
    upstream.respondWith({
      tokens: [],
      toolCalls: [{ id: "c1", name: "look_up", arguments: '{"city":"Oslo"}' }],
      fragmentChars: 5,
      finishReason: "tool_calls",
    });
    const calls = framesOf(await (await ask({})).text()).flatMap(
      (frame) =>
        (frame["choices"] as { delta?: { tool_calls?: { function: { arguments: string } }[] } }[])[0]?.delta
          ?.tool_calls ?? [],
    );
    expect(calls).toHaveLength(4);
    expect(calls.map((call) => call.function.arguments).join("")).toBe('{"city":"Oslo"}');
  });

  it("lists its models", async () => {
    const answer: unknown = await (await fetch(`${upstream.url}/models`)).json();
    expect(answer).toMatchObject({ data: [{ id: "small" }, { id: "large" }] });
  });

  it("refuses a body that is not JSON", async () => {
    const answer = await fetch(`${upstream.url}/chat/completions`, { method: "POST", body: "{" });
    expect(answer.status).toBe(400);
  });
});

async function disposable(value: Upstream): Promise<{ upstream: Upstream } & AsyncDisposable> {
  return Promise.resolve({ upstream: value, [Symbol.asyncDispose]: () => value.close() });
}

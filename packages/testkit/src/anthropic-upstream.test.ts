import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAnthropicUpstream, type Upstream } from "./index.js";

let upstream: Upstream;

beforeEach(async () => {
  upstream = await startAnthropicUpstream();
});
afterEach(() => upstream.close());

function ask(body: object): Promise<Response> {
  return fetch(`${upstream.url}/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "claude", messages: [{ role: "user", content: "hi" }], stream: true, ...body }),
  });
}

describe("startAnthropicUpstream", () => {
  it("streams the events of the Messages API in their order", async () => {
    upstream.respondWith({ tokens: ["Hello ", "world"] });
    const text = await (await ask({})).text();
    expect([...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1])).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
  });

  it("breaks a stream with an error event", async () => {
    upstream.respondWith({ tokens: 1, ending: "error" });
    const text = await (await ask({})).text();
    expect(text).toContain("overloaded_error");
    expect(text).not.toContain("message_stop");
  });

  it("answers in one body when no stream is asked for", async () => {
    upstream.respondWith({ tokens: ["a", "b"] });
    const answer: unknown = await (await ask({ stream: false })).json();
    expect(answer).toMatchObject({ content: [{ type: "text", text: "ab" }], stop_reason: "end_turn" });
  });
});

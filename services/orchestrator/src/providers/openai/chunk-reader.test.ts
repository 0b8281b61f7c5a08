import { describe, expect, it } from "vitest";
import type { ProviderEvent } from "../chat-provider.js";
import { ChunkReader } from "./chunk-reader.js";

/** Reads chunks that arrived one by one, then the end of the body. */
function read(chunks: object[], { explicitEnd = true } = {}): ProviderEvent[] {
  const reader = new ChunkReader();
  const events = chunks.flatMap((chunk) => {
    reader.read(JSON.stringify(chunk));
    return reader.takeEvents();
  });
  return [...events, ...reader.takeEnding(explicitEnd)];
}

function delta(content: object, finishReason: string | null = null): object {
  return { choices: [{ index: 0, delta: content, finish_reason: finishReason }] };
}

describe("ChunkReader", () => {
  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["max_tokens", "length"],
    ["content_filter", "content_filter"],
    ["tool_calls", "tool_calls"],
    ["function_call", "tool_calls"],
    ["eos_token", "stop"],
  ])("takes the finish reason %s as %s", (word, reason) => {
    expect(read([delta({ content: "a" }, word)]).at(-1)).toEqual({ type: "finish", reason });
  });

  it("joins neighbouring pieces of text that were not handed out yet", () => {
    const reader = new ChunkReader();
    for (const content of ["a", "", "b"]) reader.read(JSON.stringify(delta({ content })));
    expect(reader.takeEvents()).toEqual([{ type: "text", text: "ab" }]);
  });

  it("takes a refusal for text that was filtered", () => {
    expect(read([delta({ refusal: "I cannot" }, "stop")])).toEqual([
      { type: "text", text: "I cannot" },
      { type: "finish", reason: "content_filter" },
    ]);
  });

  it("keeps text and tool calls in their order", () => {
    const call = { index: 0, id: "a", function: { name: "f", arguments: "{}" } };
    const types = read([delta({ content: "x", tool_calls: [call] }), delta({ content: "y" }, "tool_calls")]);
    expect(types.map((event) => event.type)).toEqual(["text", "tool", "text", "finish"]);
  });

  it("numbers calls that come whole and without an index", () => {
    const calls = ["a", "b"].map((id) => ({ id, function: { name: `f_${id}`, arguments: "{}" } }));
    const events = read([delta({ tool_calls: calls }, "stop")]);
    expect(events).toEqual([
      { type: "tool", index: 0, id: "a", name: "f_a", arguments: "{}" },
      { type: "tool", index: 1, id: "b", name: "f_b", arguments: "{}" },
      { type: "finish", reason: "tool_calls" },
    ]);
  });

  it("makes up ids where the server has none", () => {
    const events = read([
      delta({ tool_calls: [{ index: 0, function: { name: "f", arguments: "{" } }] }),
      delta({ tool_calls: [{ index: 0, function: { arguments: "}" } }] }, "tool_calls"),
    ]);
    expect(events.slice(0, 2)).toEqual([
      { type: "tool", index: 0, id: "call_0", name: "f", arguments: "{" },
      { type: "tool", index: 0, id: "call_0", arguments: "}" },
    ]);
  });

  it("reads an answer that was not streamed", () => {
    const message = { role: "assistant", content: "whole" };
    const whole = { choices: [{ message, finish_reason: "stop" }], usage: { prompt_tokens: 1, completion_tokens: 2 } };
    expect(read([whole])).toEqual([
      { type: "text", text: "whole" },
      { type: "usage", inputTokens: 1, outputTokens: 2 },
      { type: "finish", reason: "stop" },
    ]);
  });

  it("is content with a finish reason and no mark of the end, or the other way round", () => {
    expect(read([delta({ content: "a" }, "length")], { explicitEnd: false }).at(-1)).toMatchObject({
      reason: "length",
    });
    expect(read([delta({ content: "a" })]).at(-1)).toMatchObject({ reason: "stop" });
  });

  it.each([
    ["nothing but the mark of the end", [], true],
    ["text but neither finish reason nor mark", [delta({ content: "a" })], false],
  ])("calls an answer cut off that has %s", (_, chunks, explicitEnd) => {
    expect(() => read(chunks, { explicitEnd })).toThrow(expect.objectContaining({ code: "provider_error" }) as Error);
  });

  it.each(['"text"', "null", "{", "<html>"])("refuses %s", (data) => {
    expect(() => new ChunkReader().read(data)).toThrow(expect.objectContaining({ code: "provider_error" }) as Error);
  });

  it("skips chunks that say nothing", () => {
    expect(read([{}, { choices: [] }, { choices: null }, delta({}), delta({ content: null }, "stop")])).toEqual([
      { type: "finish", reason: "stop" },
    ]);
  });
});

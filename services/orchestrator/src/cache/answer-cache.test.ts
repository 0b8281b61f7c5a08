import { createManualClock } from "@ai-orchestra/service-kit";
import { expect, it } from "vitest";
import type { VoiceRequest } from "../agents/voice.js";
import { AnswerCache, type CachedAnswer } from "./answer-cache.js";
import { createAnswerKey } from "./answer-key.js";

function answer(text: string): CachedAnswer {
  const usage = { inputTokens: 1, outputTokens: 1, estimated: true };
  return { text, toolCalls: [], model: "test/model", finishReason: "stop", ...usage };
}

function createCache(more: { maxEntries?: number; maxBytes?: number; readTtlMs?: () => number } = {}) {
  const clock = createManualClock();
  const bounds = { maxEntries: 10, maxBytes: 1_000_000, readTtlMs: () => 1_000 };
  return { clock, cache: new AnswerCache({ clock, ...bounds, ...more }) };
}

it("serves an answer for as long as its TTL is, which a worse level makes longer", () => {
  let ttlMs = 1_000;
  const { cache, clock } = createCache({ readTtlMs: () => ttlMs });
  cache.keep("a", answer("one"));
  clock.advance(1_000);
  expect(cache.find("a")).toMatchObject({ answer: { text: "one" }, ageMs: 1_000 });
  clock.advance(1);
  expect(cache.find("a")).toBeUndefined();
  ttlMs = 5_000;
  expect(cache.find("a")?.answer.text).toBe("one");
});

it("makes room for new answers by dropping those used least recently", () => {
  const { cache } = createCache({ maxEntries: 2 });
  cache.keep("a", answer("one"));
  cache.keep("b", answer("two"));
  cache.find("a");
  cache.keep("c", answer("three"));
  expect([cache.find("a"), cache.find("b"), cache.find("c")].map((found) => found?.answer.text)).toEqual([
    "one",
    undefined,
    "three",
  ]);
});

it("stays within its bytes and does not take an answer that would fill it", () => {
  const { cache } = createCache({ maxEntries: 1_000, maxBytes: 100_000 });
  for (let index = 0; index < 200; index += 1) cache.keep(`k${index}`, answer("x".repeat(1_000)));
  expect(cache.bytes).toBeLessThanOrEqual(100_000);
  expect(cache.size).toBeGreaterThan(30);
  cache.keep("huge", answer("x".repeat(50_000)));
  expect(cache.find("huge")).toBeUndefined();
  expect(cache.size).toBeGreaterThan(30);
});

it("counts an answer once that is kept twice", () => {
  const { cache } = createCache();
  cache.keep("a", answer("one"));
  const { bytes } = cache;
  cache.keep("a", answer("two"));
  expect([cache.size, cache.bytes]).toEqual([1, bytes]);
});

it("has another key for another client, model, message, system prompt, tool or setting", () => {
  const request = {
    messages: [
      { role: "system", content: "be short" },
      { role: "user", content: "hello" },
    ],
    mode: "balanced",
  } as VoiceRequest;
  const keys = [
    createAnswerKey("a".repeat(16), "test/model", request),
    createAnswerKey("b".repeat(16), "test/model", request),
    createAnswerKey("a".repeat(16), "test/other", request),
    createAnswerKey("a".repeat(16), "test/model", { ...request, temperature: 1 }),
    createAnswerKey("a".repeat(16), "test/model", { ...request, maxTokens: 5 }),
    createAnswerKey("a".repeat(16), "test/model", { ...request, messages: request.messages.slice(1) }),
    createAnswerKey("a".repeat(16), "test/model", {
      ...request,
      tools: [{ type: "function", function: { name: "f", parameters: {} } }],
    }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(createAnswerKey("a".repeat(16), "test/model", structuredClone(request))).toBe(keys[0]);
});

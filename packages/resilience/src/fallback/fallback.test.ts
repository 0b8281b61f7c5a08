import { describe, expect, it } from "vitest";
import { ManualClock } from "../testing/manual-clock.js";
import { runFallbackChain } from "./fallback-chain.js";
import { LastGoodCache } from "./last-good-cache.js";

const primary = { name: "primary", run: (): Promise<string> => Promise.reject(new Error("primary down")) };
const secondary = { name: "secondary", run: (): Promise<string> => Promise.reject(new Error("secondary down")) };
const cached = { name: "cache", run: (): string => "yesterday's answer" };

describe("a fallback chain", () => {
  it("says which step served and what went wrong before it", async () => {
    const taken: string[] = [];
    const served = await runFallbackChain([primary, secondary, cached], {
      name: "completion",
      onFallback: ({ from, to }) => taken.push(`${from} to ${to}`),
    });
    expect(served).toMatchObject({ value: "yesterday's answer", servedBy: "cache", stepIndex: 2 });
    expect(served.failures.map(({ step, error }) => [step, (error as Error).message])).toEqual([
      ["primary", "primary down"],
      ["secondary", "secondary down"],
    ]);
    expect(taken).toEqual(["primary to secondary", "secondary to cache"]);
  });

  it("names every failure when no step is left", async () => {
    const failed = runFallbackChain([primary, secondary], { name: "completion" });
    const error = (await failed.catch((thrown: unknown) => thrown)) as Error & { cause: AggregateError };
    expect(error).toMatchObject({ code: "fallbacks_exhausted", policy: "completion" });
    expect(error.cause.errors.map((each: Error) => each.message)).toEqual(["primary down", "secondary down"]);
  });

  it("passes on an error that forbids falling back", async () => {
    const served = runFallbackChain([primary, cached], { name: "completion", shouldFallBack: () => false });
    await expect(served).rejects.toThrow("primary down");
  });

  it("ends at once when the call is cancelled", async () => {
    const controller = new AbortController();
    const cancelling = {
      name: "primary",
      run: (): Promise<string> => {
        controller.abort();
        return Promise.reject(new Error("aborted half-way"));
      },
    };
    let tried = false;
    const next = { name: "next", run: (): string => ((tried = true), "never") };
    const served = runFallbackChain([cancelling, next], { name: "completion" }, { signal: controller.signal });
    await expect(served).rejects.toThrow("aborted half-way");
    expect(tried).toBe(false);
  });
});

describe("a cache of last good answers", () => {
  function setUp(maxEntries = 2) {
    const clock = new ManualClock();
    const ttl = { ms: 1000 };
    return { clock, ttl, cache: new LastGoodCache<string>({ clock, maxEntries, readTtlMs: () => ttl.ms }) };
  }

  it("serves an answer with its age until it is too old", async () => {
    const { clock, cache } = setUp();
    cache.set("question", "answer");
    await clock.advance(1000);
    expect(cache.get("question")).toEqual({ value: "answer", ageMs: 1000 });
    await clock.advance(1);
    expect(cache.get("question")).toBeUndefined();
  });

  it("serves older answers when a worse level allows them", async () => {
    const { clock, ttl, cache } = setUp();
    cache.set("question", "answer");
    await clock.advance(5000);
    ttl.ms = 10_000;
    expect(cache.get("question")).toEqual({ value: "answer", ageMs: 5000 });
  });

  it("drops what was used least recently at its bound", () => {
    const { cache } = setUp();
    cache.set("a", "1");
    cache.set("b", "2");
    cache.get("a");
    cache.set("c", "3");
    expect([cache.get("a")?.value, cache.get("b")?.value, cache.get("c")?.value, cache.size]).toEqual([
      "1",
      undefined,
      "3",
      2,
    ]);
  });
});

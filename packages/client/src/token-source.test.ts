import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TokenSource } from "./token-source.js";

describe("TokenSource", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("asks the provider once for callers at the same time, and not again while the token holds", async () => {
    const provider = vi.fn(async () => ({ token: "a", expiresAt: Date.now() + 60_000 }));
    const tokens = new TokenSource(provider);
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(["a", "a"]);
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(60_001);
    await tokens.get();
    expect(provider).toHaveBeenCalledTimes(2);
  });

  it("hands out a fresh token a minute before the old one ends, reading a JWT's own expiry", async () => {
    let calls = 0;
    const tokens = new TokenSource(async () => {
      calls += 1;
      const claims = { exp: Math.floor(Date.now() / 1000) + 600, n: calls };
      return `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
    });
    await tokens.get();
    const renewed: string[] = [];
    const stop = tokens.keepFresh((token) => renewed.push(token));
    await vi.advanceTimersByTimeAsync(538_000);
    expect(renewed).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(renewed).toHaveLength(1);
    stop();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(calls).toBe(2);
  });

  it("tries again when the provider fails in time for a renewal", async () => {
    const answers = ["fails", "b"];
    let first = true;
    const tokens = new TokenSource(async () => {
      const token = first ? "a" : (answers.shift() ?? "c");
      first = false;
      if (token === "fails") throw new Error("provider down");
      return { token, expiresAt: Date.now() + 600_000 };
    });
    await tokens.get();
    const renewed: string[] = [];
    const stop = tokens.keepFresh((token) => renewed.push(token));
    await vi.advanceTimersByTimeAsync(546_000);
    expect(renewed).toEqual(["b"]);
    stop();
  });

  it("rejects with a typed error when the provider throws or never answers", async () => {
    const broken = new TokenSource(() => Promise.reject(new Error("no")));
    await expect(broken.get()).rejects.toMatchObject({ code: "unavailable", retryable: true });
    const stuck = new TokenSource(() => new Promise(() => undefined)).get();
    const outcome = expect(stuck).rejects.toMatchObject({ code: "timeout", retryable: true });
    await vi.advanceTimersByTimeAsync(15_000);
    await outcome;
  });
});

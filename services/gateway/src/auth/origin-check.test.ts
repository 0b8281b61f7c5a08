import { describe, expect, test } from "vitest";
import { createOriginCheck } from "./origin-check.js";

const lets = (loopbackOnly: boolean, origin: string | undefined, host: string | undefined): boolean => {
  try {
    createOriginCheck({ loopbackOnly })({ origin, host });
    return true;
  } catch {
    return false;
  }
};

describe("a page's origin", () => {
  test.each([
    ["no page at all", undefined, "127.0.0.1:8080", true],
    ["the same host on another port", "http://localhost:3000", "localhost:8080", true],
    ["another name of this machine", "http://127.0.0.1:3000", "localhost:8080", true],
    ["the IPv6 name of this machine", "http://[::1]:3000", "127.0.0.1:8080", true],
    ["another host", "https://evil.example", "localhost:8080", false],
    ["a host that only looks local", "https://127.0.0.1.evil.example", "127.0.0.1:8080", false],
    ["a sandboxed page", "null", "localhost:8080", false],
    ["no host to compare with", "http://localhost", undefined, false],
    ["a foreign name that resolves here", "http://evil.example", "evil.example", false],
  ])("%s, without authentication", (_what, origin, host, expected) => {
    expect(lets(true, origin, host)).toBe(expected);
  });

  test("may be any host's own once tokens are asked for", () => {
    expect(lets(false, "https://chat.example", "chat.example:443")).toBe(true);
    expect(lets(false, "https://evil.example", "chat.example")).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { detectVersion } from "./detect-version.js";

interface Request {
  header?: string;
  path?: string;
  query?: string;
  agent?: string;
  body?: unknown;
}

const detect = ({ header, path = "/api/chat", query = "", agent, body = {} }: Request) => {
  const headers = new Map<string, string>();
  if (header !== undefined) headers.set("api-version", header);
  if (agent !== undefined) headers.set("user-agent", agent);
  return detectVersion({
    head: { method: "POST", path, query: new URLSearchParams(query), headers, address: "127.0.0.1" },
    body,
  });
};

const SDK_1 = "ai-orchestra-sdk/1.4.2 node/20";
const SDK_2 = "ai-orchestra-sdk/2.0";

describe("detectVersion", () => {
  it.each<[string, Request, 1 | 2]>([
    ["the header", { header: "1" }, 1],
    ["a header with a v", { header: "v2.1" }, 2],
    ["the header before the path", { header: "2", path: "/v1/chat" }, 2],
    ["the path", { path: "/v1/chat" }, 1],
    ["the path below /api", { path: "/api/v2/chat" }, 2],
    ["the path before the query", { path: "/v1/chat", query: "api_version=2" }, 1],
    ["the query", { query: "api_version=1.0" }, 1],
    ["the query before the body", { query: "api_version=1", body: { api_version: "2.0" } }, 1],
    ["the body", { body: { api_version: "1.0" } }, 1],
    ["a number in the body", { body: { api_version: 1 } }, 1],
    ["the body before the user agent", { body: { api_version: "2" }, agent: SDK_1 }, 2],
    ["the user agent", { agent: SDK_1 }, 1],
    ["the user agent of 2", { agent: SDK_2, body: { text: "hi" } }, 2],
    ["the user agent before V2's fields", { agent: SDK_1, body: { temperature: 1 } }, 1],
    ["another user agent says nothing", { agent: "curl/8.0" }, 2],
    ["V2's fields", { body: { input: { text: "hi" } } }, 2],
    ["V2's fields before old names", { body: { input: { text: "hi" }, sessionId: "s" } }, 2],
    ["V2's snake-case fields before old names", { body: { text: "hi", use_memory: true } }, 2],
    ["old names", { body: { text: "hi" } }, 1],
    ["an old name of the session", { body: { message: "hi", sessionId: "s" } }, 1],
    ["nothing", { body: { message: "hi", session_id: "s" } }, 2],
    ["an empty header", { header: "", body: { text: "hi" } }, 1],
    ["a body that is no object", { body: "hi" }, 2],
  ])("goes by %s", (_what, request, version) => {
    expect(detect(request)).toBe(version);
  });

  it.each<[string, Request]>([
    ["header", { header: "3" }],
    ["query", { query: "api_version=latest" }],
    ["body", { body: { api_version: { major: 1 } } }],
  ])("refuses a version in the %s that does not exist", (_where, request) => {
    expect(() => detect(request)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { V1Client } from "../support/v1-client.js";
import { type Mesh, script, startMesh } from "./start-mesh.js";

let mesh: Mesh;
let gateways: string[];

beforeAll(async () => {
  mesh = await startMesh({ replicas: { gateway: 2 } });
  gateways = mesh.stack.services.flatMap(({ url }) => url ?? []);
});

afterAll(() => mesh.stop());

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${mesh.stack.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

describe("V1 over WebSocket", () => {
  it("streams an answer as tokens and ends it with the whole text", async () => {
    const { tokens, text } = script(20);
    mesh.upstream.respondWith({ tokens, tokenMs: 2 });
    const client = await V1Client.connect(mesh.stack.url, "old app", "session 1");
    expect(client.upgradeHeaders).toMatchObject({
      deprecation: "@1767225600",
      sunset: "Fri, 31 Dec 2027 00:00:00 GMT",
    });
    expect(await client.frame("status")).toMatchObject({ data: { status: "connected", session_id: "session 1" } });
    client.send({
      type: "chat",
      data: { message: "count", swarm_type: "research", optimization_mode: "quality" },
      correlation_id: "c1",
    });
    const complete = await client.ending("c1");
    expect(complete).toMatchObject({ type: "complete", content: text, metadata: { execution_mode: "balanced" } });
    expect(Date.parse(complete.timestamp)).toBeGreaterThan(0);
    const streamed = client.tokens("c1").filter(({ type }) => type === "token");
    expect(streamed.map(({ content }) => content).join("")).toBe(text);
    expect(streamed.length).toBeGreaterThan(2);
    expect(mesh.upstream.requests.at(-1)?.messages).toEqual([{ role: "user", content: "count" }]);
    client.close();
  });

  it("takes a message by its older name, and a bare one, and remembers nothing between them", async () => {
    mesh.upstream.respondWith((request) => ({ tokens: ["re: ", String(request.messages.at(-1)?.["content"])] }));
    const client = await V1Client.connect(mesh.stack.url, "app", "s1");
    client.send({ type: "message", data: { text: "one", context: { page: "/home" } }, correlation_id: 7 });
    expect(await client.ending(7)).toMatchObject({ type: "complete", content: "re: one" });
    client.send({ message: "two" });
    expect(await client.ending()).toMatchObject({ type: "complete", content: "re: two" });
    expect(mesh.upstream.requests.at(-1)?.messages).toHaveLength(1);
    client.close();
  });

  it("answers pings, refuses what it cannot read, and lives on", async () => {
    mesh.upstream.respondWith({ tokens: ["ok"] });
    const client = await V1Client.connect(mesh.stack.url, "app", "s2");
    client.send({ type: "control", data: { message: "ping" } });
    await client.frame("pong");
    client.send("not json");
    expect(await client.frame("error")).toMatchObject({ data: { code: "invalid_request", retryable: false } });
    client.send({ type: "chat", data: { message: "  " }, correlation_id: "blank" });
    await client.until(() =>
      client.frames.find(({ type, correlation_id }) => type === "error" && correlation_id === "blank"),
    );
    client.send({ type: "chat", data: { message: "x".repeat(10_001) }, correlation_id: "long" });
    await client.until(() =>
      client.frames.find(({ type, correlation_id }) => type === "error" && correlation_id === "long"),
    );
    client.send({ message: "still there?" });
    expect(await client.ending()).toMatchObject({ content: "ok" });
    client.close();
  });

  it("cancels on request and when the client leaves", async () => {
    mesh.upstream.respondWith({ tokens: script(500).tokens, tokenMs: 20 });
    const before = mesh.upstream.requests.length;
    const client = await V1Client.connect(mesh.stack.url, "app", "s3");
    client.send({ type: "chat", data: { message: "long" }, correlation_id: 1 });
    await client.until(() => client.tokens(1).find(({ type }) => type === "token"));
    client.send({ type: "command", data: { message: "cancel" } });
    expect(await client.ending(1)).toMatchObject({ type: "error", metadata: { code: "cancelled" } });
    client.send({ type: "chat", data: { message: "long again" }, correlation_id: 2 });
    await client.until(() => client.tokens(2).find(({ type }) => type === "token"));
    client.close();
    expect(await mesh.upstream.requests[before + 1]?.aborted()).toBeGreaterThan(0);
  });

  it("says why an answer failed", async () => {
    mesh.upstream.respondWith({ status: 400 });
    const client = await V1Client.connect(mesh.stack.url, "app", "s4");
    client.send({ message: "fail" });
    expect(await client.ending()).toMatchObject({ type: "error", metadata: { code: "provider_error" } });
    client.close();
  });
});

describe("V1 over HTTP", () => {
  it("answers a V1 body with a V1 answer that says V1 goes", async () => {
    mesh.upstream.respondWith({ tokens: ["Hel", "lo"] });
    const response = await post("/v1/chat", {
      api_version: "1.0",
      request_id: "r-1",
      message: "hi",
      session_id: "any session / name",
      user_context: { locale: "nb", nested: { dropped: true } },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("deprecation")).toBe("@1767225600");
    expect(response.headers.get("sunset")).toBe("Fri, 31 Dec 2027 00:00:00 GMT");
    const answer = (await response.json()) as Record<string, unknown>;
    expect(answer).toMatchObject({
      api_version: "1.0",
      request_id: "r-1",
      session_id: "any session / name",
      response: "Hello",
      execution_mode: "balanced",
      quality_score: 1,
      success: true,
    });
    expect(answer["execution_time"]).toBeGreaterThan(0);
    expect(answer["execution_time"]).toBeLessThan(5);
    expect(Date.parse(String(answer["timestamp"]))).toBeGreaterThan(0);
  });

  it("accepts the older names", async () => {
    const response = await post("/v1/chat", { text: "hi", sessionId: "s", userContext: { a: 1 }, stream: false });
    expect(await response.json()).toMatchObject({ success: true, session_id: "s", response: "Hello" });
  });

  it("answers what is wrong as an unsuccessful answer with the common error body", async () => {
    const refused = await post("/v1/chat", { message: " ", session_id: "s" });
    expect(refused.status).toBe(400);
    expect(refused.headers.get("sunset")).not.toBeNull();
    expect(await refused.json()).toMatchObject({ success: false, error: { code: "invalid_request" } });
    mesh.upstream.respondWith({ status: 400 });
    const failed = await post("/v1/chat", { message: "hi", session_id: "s" });
    expect(failed.status).toBe(502);
    expect(await failed.json()).toMatchObject({ success: false, session_id: "s", error: { code: "provider_error" } });
    mesh.upstream.respondWith({ tokens: ["Hel", "lo"] });
  });

  it("detects the version at /api/chat", async () => {
    const v1 = await post("/api/chat", { text: "hi", sessionId: "s" });
    expect(await v1.json()).toMatchObject({ response: "Hello", execution_mode: "balanced" });
    expect(v1.headers.get("deprecation")).not.toBeNull();
    const v2 = await post("/api/chat", { input: { text: "hi" } });
    expect(await v2.json()).toMatchObject({ type: "turn.completed", output: { text: "Hello" } });
    expect(v2.headers.get("deprecation")).toBeNull();
    const byHeader = await post("/api/chat", { message: "hi", session_id: "s" }, { "api-version": "1" });
    expect(byHeader.headers.get("deprecation")).not.toBeNull();
    expect(await post("/api/chat", { message: "hi" }, { "api-version": "3" })).toMatchObject({ status: 400 });
    const blank = await post("/api/chat", { text: "" });
    expect(await blank.json()).toMatchObject({ success: false, error: { code: "invalid_request" } });
  });

  it("answers V2 in V1's style of names where the request has them", async () => {
    const response = await post("/v2/chat", {
      request_id: "r-2",
      message: "hi",
      session_id: "s-9",
      optimization_mode: "quality",
      use_memory: false,
      max_response_tokens: 50,
      temperature: 0.5,
    });
    expect(await response.json()).toMatchObject({
      api_version: "2.0",
      request_id: "r-2",
      session_id: "s-9",
      response: "Hello",
      execution_mode: "quality",
      manager_response: null,
      intent: null,
      confidence: null,
      swarm_used: false,
      tokens_used: 3,
    });
    expect(mesh.upstream.requests.at(-1)?.body).toMatchObject({ temperature: 0.5, max_tokens: 50 });
    const swarm = await post("/v2/chat", { message: "hi", swarm_type: "analysis" });
    expect(await swarm.json()).toMatchObject({ swarm_used: true, manager_response: "Hello" });
  });
});

describe("the report of versions", () => {
  interface Report {
    versions: { version: string; requests: number; clients: number; lastUsedAt: string | null }[];
  }

  const usageOf = async (gateway: string, version: string) => {
    const report = (await (await fetch(`${gateway}/admin/versions?days=1`)).json()) as Report;
    return report.versions.find((entry) => entry.version === version)!;
  };

  it("adds up what all gateways saw, and counts each client once", async () => {
    const [first = "", second = ""] = gateways;
    const before = await usageOf(first, "v1");
    for (const gateway of [first, second]) {
      const client = await V1Client.connect(gateway, "counted", "s");
      client.send({ message: "hi" });
      await client.ending();
      client.close();
    }
    // Asking a gateway has it hand over what it counted.
    await usageOf(second, "v1");
    const after = await usageOf(first, "v1");
    expect(after.requests - before.requests).toBe(2);
    expect(after.clients - before.clients).toBe(1);
    expect(Date.parse(after.lastUsedAt ?? "")).toBeGreaterThan(Date.now() - 60_000);
    expect(await usageOf(first, "v2")).toMatchObject({ clients: 1 });
  });
});

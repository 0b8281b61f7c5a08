import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FrameProbe } from "./frame-probe.js";
import { type Mesh, script, startMesh } from "./start-mesh.js";

let mesh: Mesh;
let probe: FrameProbe;
let turns = 0;

beforeAll(async () => {
  mesh = await startMesh({ serviceEnv: { flags: { FLAG_REPORT_FLUSH_MS: "100" } } });
  probe = await FrameProbe.connect(mesh.stack.url);
});

afterAll(async () => {
  probe.close();
  await mesh.stop();
});

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & { error?: { code: string; details?: { path: string }[] } };
}

async function request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(mesh.stack.url + path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const parsed = (text === "" ? {} : JSON.parse(text)) as Answer["body"];
  const answer: Answer = {
    status: response.status,
    etag: response.headers.get("etag"),
    headers: response.headers,
    body: parsed,
  };
  return answer;
}

const evaluateOverHttp = (key: string, context: unknown = {}) =>
  request("POST", `/ofrep/v1/evaluate/flags/${key}`, { context });

/** Waits until the gateway's own copy of a flag has the value. */
function untilValue(key: string, value: unknown): Promise<void> {
  return eventually(async () => {
    expect((await evaluateOverHttp(key, { targetingKey: "u" })).body["value"]).toBe(value);
  });
}

describe("the admin API", () => {
  test("creates, reads, replaces under If-Match, and deletes a flag", async () => {
    const path = "/admin/flags/crud";
    const created = await request("PUT", path, { status: "disabled" });
    expect(created).toMatchObject({ status: 201, body: { flag: { key: "crud" }, change: { by: "dev" } } });
    expect((await request("GET", path)).etag).toBe(created.etag);

    const replaced = await request("PUT", path, { status: "enabled" }, { "if-match": created.etag! });
    expect(replaced).toMatchObject({ status: 200, body: { flag: { status: "enabled" } } });
    const late = await request("PUT", path, { status: "disabled" }, { "if-match": created.etag! });
    expect(late).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
    const twice = await request("POST", "/admin/flags", { key: "crud", status: "enabled" });
    expect(twice).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });

    const patched = await request("PATCH", path, { killSwitch: true }, { "if-match": replaced.etag! });
    expect(patched).toMatchObject({ status: 200, body: { flag: { status: "enabled", killSwitch: true } } });
    expect(await request("DELETE", path, undefined, { "if-match": replaced.etag! })).toMatchObject({ status: 409 });
    expect((await request("DELETE", path, undefined, { "if-match": patched.etag! })).status).toBe(204);
    expect(await request("GET", path)).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });

    const history = await request("GET", `${path}/history`);
    const entries = history.body["entries"] as { revision: number; change: { action: string } }[];
    expect(entries.map(({ change }) => change.action)).toEqual(["delete", "update", "update", "create"]);
    const restored = await request("POST", `${path}/rollback`, { revision: entries[2]!.revision });
    expect(restored).toMatchObject({ status: 200, body: { flag: { status: "enabled", killSwitch: false } } });
  });

  test("says what is wrong with a definition, and where", async () => {
    const rollout = { strategy: "percentage", percentage: 101 };
    const refused = await request("PUT", "/admin/flags/wrong", { status: "conditional", rollout });
    expect(refused).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request", details: [{ path: "rollout.percentage" }] } },
    });
    expect(await request("PUT", "/admin/flags/wrong", "{")).toMatchObject({ status: 400 });
    expect(await request("PUT", "/admin/flags/wrong", {}, { "if-match": "W/abc" })).toMatchObject({ status: 400 });
    expect(await request("GET", "/admin/flags/no%20key")).toMatchObject({ status: 404 });
  });

  test("imports what it exported, and all or nothing", async () => {
    const { body: document } = await request("GET", "/admin/flags/export");
    expect(await request("POST", "/admin/flags/import", document)).toMatchObject({
      status: 200,
      body: { created: [], updated: [] },
    });
    const half = {
      version: 1,
      flags: [
        { key: "half", status: "enabled" },
        { key: "other", status: "on" },
      ],
    };
    expect(await request("POST", "/admin/flags/import", half)).toMatchObject({
      status: 400,
      body: { error: { details: [{ path: "flags.1.status" }] } },
    });
    expect((await request("GET", "/admin/flags/half")).status).toBe(404);
    const unleash = await request("GET", "/admin/flags/export?format=unleash");
    expect(unleash.body).toMatchObject({ features: expect.any(Array), featureStrategies: expect.any(Array) });
  });
});

describe("OFREP", () => {
  test("answers in its own shapes: a value, a disabled flag, and every error", async () => {
    await request("PUT", "/admin/flags/half-of-us", {
      status: "conditional",
      rollout: { strategy: "percentage", percentage: 50 },
    });
    await request("PUT", "/admin/flags/off", { status: "disabled" });
    await untilValue("off", false);
    expect(await evaluateOverHttp("off")).toMatchObject({
      status: 200,
      body: { key: "off", value: false, reason: "DISABLED" },
    });
    expect(await evaluateOverHttp("nothing")).toMatchObject({
      status: 404,
      body: { key: "nothing", errorCode: "FLAG_NOT_FOUND" },
    });
    expect(await evaluateOverHttp("half-of-us")).toMatchObject({
      status: 400,
      body: { key: "half-of-us", errorCode: "TARGETING_KEY_MISSING" },
    });
    expect(await evaluateOverHttp("off", "nobody")).toMatchObject({
      status: 400,
      body: { key: "off", errorCode: "INVALID_CONTEXT" },
    });
    expect(await request("POST", "/ofrep/v1/evaluate/flags/off", "{")).toMatchObject({
      status: 400,
      body: { key: "off", errorCode: "PARSE_ERROR" },
    });
    expect(await request("POST", "/ofrep/v1/evaluate/flags", {})).toMatchObject({
      status: 400,
      body: { errorCode: "INVALID_CONTEXT" },
    });
  });

  test("evaluates all flags at once, and answers 304 until one of them comes to something else", async () => {
    const bulk = (headers = {}) =>
      request("POST", "/ofrep/v1/evaluate/flags", { context: { targetingKey: "u-1" } }, headers);
    const first = await bulk();
    expect(first).toMatchObject({
      status: 200,
      body: {
        flags: expect.arrayContaining([expect.objectContaining({ key: "swarm_intelligence", value: true })]),
        eventStreams: [{ type: "sse", endpoint: { origin: mesh.stack.url, requestUri: "/ofrep/v1/events" } }],
      },
    });
    expect(await bulk({ "if-none-match": first.etag! })).toMatchObject({ status: 304, etag: first.etag });
    await request("PUT", "/admin/flags/brand-new", { status: "enabled" });
    await untilValue("brand-new", true);
    expect((await bulk({ "if-none-match": first.etag! })).status).toBe(200);
  });

  test("tells listeners within 500 ms that a flag changed", async () => {
    const end = new AbortController();
    const response = await fetch(`${mesh.stack.url}/ofrep/v1/events`, { signal: end.signal });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain(": ping");
    await request("PATCH", "/admin/flags/swarm_intelligence", { tags: ["product", "seen"] });
    const changedAt = performance.now();
    let text = "";
    while (!text.includes("\n\n")) text += (await reader.read()).value ?? "";
    expect(performance.now() - changedAt).toBeLessThan(500);
    expect(JSON.parse(/data: (.*)/.exec(text)![1]!)).toMatchObject({ type: "refetchEvaluation" });
    end.abort();
  });

  test("serves the unmodified OpenFeature SDK and OFREP provider", async () => {
    await request("PUT", "/admin/flags/theme", {
      status: "conditional",
      rollout: { strategy: "allowlist", users: ["ann"] },
      variants: [
        { name: "dark", value: "dark", weight: 100 },
        { name: "light", value: "light", weight: 0 },
      ],
      offVariant: "light",
    });
    await request("PUT", "/admin/flags/limits", {
      status: "enabled",
      variants: [
        { name: "large", value: { turns: 100 }, weight: 100 },
        { name: "none", value: {}, weight: 0 },
      ],
      offVariant: "none",
    });
    await untilValue("theme", "light");
    await eventually(async () => expect((await evaluateOverHttp("limits")).status).toBe(200));
    await OpenFeature.setProviderAndWait(new OFREPProvider({ baseUrl: mesh.stack.url }));
    const client = OpenFeature.getClient();
    expect(await client.getBooleanValue("circuit_breakers", false)).toBe(true);
    expect(await client.getBooleanDetails("off", true)).toMatchObject({ value: false, reason: "DISABLED" });
    expect(await client.getStringDetails("theme", "?", { targetingKey: "ann" })).toMatchObject({
      value: "dark",
      variant: "dark",
      reason: "TARGETING_MATCH",
      flagMetadata: { strategy: "allowlist" },
    });
    expect(await client.getStringValue("theme", "?", { targetingKey: "bob" })).toBe("light");
    expect(await client.getObjectValue("limits", {})).toEqual({ turns: 100 });
    expect(await client.getBooleanDetails("nothing", true)).toMatchObject({
      value: true,
      reason: "ERROR",
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(await client.getBooleanDetails("half-of-us", true)).toMatchObject({ errorCode: "TARGETING_KEY_MISSING" });
    expect(await client.getNumberDetails("theme", 7)).toMatchObject({ value: 7, errorCode: "TYPE_MISMATCH" });
    await OpenFeature.close();
  });
});

describe("a feature that is switched off", () => {
  const switchFlag = async (flag: string, enabled: boolean): Promise<void> => {
    expect(await request("POST", "/admin/feature-flags", { flag, enabled })).toMatchObject({
      status: 200,
      body: { flag, enabled },
    });
    await untilValue(flag, enabled);
  };
  const runTurn = async (text: string, more: Record<string, unknown> = {}) => {
    turns += 1;
    const turnId = `gate-${turns}`;
    probe.start(turnId, text, more);
    const terminal = await probe.terminal(turnId);
    if (terminal.type !== "turn.completed") throw new Error(`the turn ended with ${terminal.type}`);
    const frames = probe.ofTurn(turnId);
    return {
      terminal,
      off: frames.flatMap((frame) =>
        frame.type === "turn.status" && frame.stage === "feature.off" ? [frame.detail] : [],
      ),
      deltas: frames.filter((frame) => frame.type === "turn.delta"),
      text: probe.streamedText(turnId),
    };
  };
  const FLAGS = ["swarm_intelligence", "advanced_memory", "websocket_streaming", "ai_optimization"] as const;

  afterEach(async () => {
    for (const flag of FLAGS) await request("POST", "/admin/feature-flags", { flag, enabled: true });
    await Promise.all(FLAGS.map((flag) => untilValue(flag, true)));
  });

  test("swarm: the next turn runs without its agents and says so, the one after it is on again", async () => {
    mesh.upstream.respondWith({ tokens: ["done"] });
    const options = { agents: ["critic"] };
    expect(await runTurn("on", { options })).toMatchObject({ off: [], terminal: { metadata: { agents: ["critic"] } } });
    await switchFlag("swarm_intelligence", false);
    expect(await runTurn("off", { options })).toMatchObject({
      off: ["swarm_intelligence"],
      terminal: { metadata: { agents: [], off: ["swarm_intelligence"] } },
    });
    expect((await runTurn("none asked for")).off).toEqual([]);
    await switchFlag("swarm_intelligence", true);
    expect((await runTurn("on again", { options })).terminal.metadata.agents).toEqual(["critic"]);
  });

  test("memory: the next turn sees no history, which is kept all the same", async () => {
    mesh.upstream.respondWith({ tokens: ["fine"] });
    const sessionId = "gated-memory";
    const contextOfLast = () => mesh.upstream.requests.at(-1)?.messages.map((message) => message["content"]);
    await runTurn("one", { sessionId });
    await switchFlag("advanced_memory", false);
    expect((await runTurn("two", { sessionId })).off).toEqual(["memory_integration"]);
    expect(contextOfLast()).toEqual(["two"]);
    await switchFlag("advanced_memory", true);
    await runTurn("three", { sessionId });
    expect(contextOfLast()).toEqual(["one", "fine", "two", "fine", "three"]);
  });

  test("streaming: the next turn's text comes in one piece", async () => {
    const { tokens, text } = script(20);
    mesh.upstream.respondWith({ tokens, tokenMs: 10 });
    expect((await runTurn("on")).deltas.length).toBeGreaterThan(3);
    await switchFlag("websocket_streaming", false);
    const turn = await runTurn("off");
    expect(turn.deltas).toHaveLength(1);
    expect(turn).toMatchObject({ off: ["real_time_streaming"], text, terminal: { output: { text } } });
  });

  test("optimisation: the next turn runs as balanced", async () => {
    mesh.upstream.respondWith({ tokens: ["ok"] });
    const options = { mode: "quality" };
    expect((await runTurn("on", { options })).terminal.metadata.mode).toBe("quality");
    await switchFlag("ai_optimization", false);
    expect(await runTurn("off", { options })).toMatchObject({
      off: ["ai_optimization"],
      terminal: { metadata: { mode: "balanced" } },
    });
  });

  test("for a share of the users: their turns count in the flag's report", async () => {
    mesh.upstream.respondWith({ tokens: ["ok"] });
    await request("PATCH", "/admin/flags/advanced_memory", {
      status: "conditional",
      rollout: { strategy: "percentage", percentage: 50 },
    });
    await eventually(async () => {
      const { body } = await evaluateOverHttp("advanced_memory", { targetingKey: "u" });
      expect(body["reason"]).toBe("SPLIT");
    });
    await eventually(async () => {
      await runTurn("counted");
      const { body } = await request("GET", "/admin/flags/advanced_memory/report");
      const variants = body["variants"] as { outcomes: { completed: number }; meanQualityScore: number }[];
      expect(variants.some(({ outcomes }) => outcomes.completed > 0)).toBe(true);
    });
  });
});

import { connectBus, openTurnResults, type Bus } from "@ai-orchestra/bus";
import { API_CHANNELS, API_ROUTES } from "@ai-orchestra/api-docs";
import {
  clientFrameSchema,
  subjects,
  type ClientFrame,
  type ServerFrame,
  type TurnResult,
} from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startEdge, type Edge } from "./support/start-edge.js";
import { bearer, signToken, staticKey } from "./support/tokens.js";
import { V2Client } from "./support/v2-client.js";

/** Who asks. Alice owns the session `s1` with the turn `t1`; Mallory is another client. */
const CALLERS = ["nobody", "forged", "mallory", "alice", "flags-reader", "admin"] as const;
type Caller = (typeof CALLERS)[number];

/** What each caller is answered, in the order of `CALLERS`. */
type Row = readonly [
  route: string,
  request: { path: string; body?: unknown; stream?: true },
  answers: readonly number[],
];

const everybody = (status: number): number[] => CALLERS.map(() => status);
const everyClient = (status: number): number[] => [401, 401, status, status, status, status];
const onlyAlice = (status: number, others: number): number[] => [401, 401, others, status, others, others];
const onlyAdmin = (status: number): number[] => [401, 401, 403, 403, 403, status];

/** A body that is understood by nobody: who may call is told so with 400, and nothing runs. */
const BAD = { nonsense: true };

/**
 * Who may do what, over HTTP. A new route needs a row here, unless it asks for a scope. Rows run from top to bottom: what deletes comes
 * last. Somebody else's session or turn is answered as one that does not exist.
 */
const HTTP: readonly Row[] = [
  ["GET /health", { path: "/health" }, everybody(503)],
  ["GET /livez", { path: "/livez" }, everybody(200)],
  ["GET /readyz", { path: "/readyz" }, everybody(200)],
  ["GET /openapi.json", { path: "/openapi.json" }, everybody(200)],
  ["GET /asyncapi.json", { path: "/asyncapi.json" }, everybody(200)],
  ["GET /docs", { path: "/docs" }, everybody(200)],
  ["POST /v2/chat", { path: "/v2/chat", body: BAD }, everyClient(400)],
  ["POST /api/chat", { path: "/api/chat", body: BAD }, everyClient(400)],
  ["POST /v1/chat", { path: "/v1/chat", body: BAD }, everyClient(400)],
  ["POST /v1/chat/completions", { path: "/v1/chat/completions", body: BAD }, everyClient(400)],
  ["GET /v1/models", { path: "/v1/models" }, everyClient(503)],
  ["GET /v1/models/:model", { path: "/v1/models/any" }, everyClient(503)],
  ["GET /v2/turns/:turnId/events", { path: "/v2/turns/t1/events?sessionId=s1", stream: true }, everyClient(200)],
  ["POST /v2/turns/:turnId/cancel", { path: "/v2/turns/t1/cancel?sessionId=s1", body: {} }, everyClient(202)],
  ["GET /v2/sessions", { path: "/v2/sessions" }, everyClient(200)],
  ["GET /v2/sessions/:sessionId", { path: "/v2/sessions/s1" }, onlyAlice(200, 404)],
  ["GET /v2/sessions/:sessionId/messages", { path: "/v2/sessions/s1/messages" }, onlyAlice(200, 404)],
  ["GET /admin/versions", { path: "/admin/versions" }, onlyAdmin(200)],
  ["GET /admin/api-keys", { path: "/admin/api-keys" }, onlyAdmin(200)],
  ["POST /admin/api-keys", { path: "/admin/api-keys", body: BAD }, onlyAdmin(400)],
  ["DELETE /admin/api-keys/:keyId", { path: "/admin/api-keys/none" }, onlyAdmin(404)],
  ["PUT /admin/degradation", { path: "/admin/degradation", body: BAD }, onlyAdmin(400)],
  ["DELETE /v2/sessions/:sessionId", { path: "/v2/sessions/s1" }, onlyAlice(204, 404)],
];

/** Routes for those with a scope that have no row: only who is refused is looked at, since what they do is done elsewhere. */
const SCOPED = API_ROUTES.filter(
  ({ method, path, scope }) => scope !== undefined && !HTTP.some(([route]) => route === `${method} ${path}`),
);
const SCOPES: Record<Caller, string | undefined> = {
  nobody: undefined,
  forged: undefined,
  mallory: "",
  alice: "",
  "flags-reader": "flags:read",
  admin: "admin",
};

let edge: Edge;
let bus: Bus;

const tokenOf = async (caller: Caller): Promise<string | undefined> => {
  switch (caller) {
    case "nobody":
      return undefined;
    case "forged":
      return signToken({ sub: "alice", scope: "admin" }, { secret: "a secret that is not the gateway's own" });
    case "flags-reader":
      return signToken({ sub: "service-1", scope: "flags:read" });
    case "admin":
      return "key-of-the-operator";
    default:
      return signToken({ sub: caller });
  }
};

const headersOf = async (caller: Caller): Promise<Record<string, string>> => {
  const token = await tokenOf(caller);
  return token === undefined ? {} : bearer(token);
};

beforeAll(async () => {
  edge = await startEdge({
    env: {
      AUTH_API_KEYS: staticKey("operator", "key-of-the-operator", "admin"),
      GATEWAY_MESSAGES_PER_MINUTE: "100000",
      GATEWAY_MAX_BAD_TOKENS_PER_MINUTE: "100000",
      GATEWAY_MAX_CONNECTIONS_PER_CLIENT: "100",
    },
  });
  bus = await connectBus({ servers: [edge.stack.nats.url], name: "authorisation" });
  const results = await openTurnResults(bus);
  const result = finishedTurn("alice");
  await results.put(subjects.turnResult(result), result);
  await eventually(async () => expect(await ask("alice", "GET", "/v2/sessions/s1")).toMatchObject({ status: 200 }));
});

afterAll(async () => {
  await bus.drain();
  await edge.stop();
});

async function ask(caller: Caller, method: string, path: string, body?: unknown): Promise<Response> {
  const init = {
    method,
    headers: await headersOf(caller),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return fetch(edge.gateway(0).url + path, init);
}

describe("over HTTP", () => {
  const cases = HTTP.flatMap(([route, request, answers]) =>
    CALLERS.map((caller, index) => ({ route, request, caller, status: answers[index] ?? 0 })),
  );

  test.each(cases)("$caller, $route: $status", async ({ route, request, caller, status }) => {
    const [method = ""] = route.split(" ");
    const response = await ask(caller, method, request.path, request.body);
    expect(response.status).toBe(status);
    if (request.stream === true) await response.body?.cancel();
    else if (status === 401 || status === 403) {
      const code = status === 401 ? "unauthorized" : "forbidden";
      expect(await response.json()).toMatchObject({ error: { code } });
    }
  });

  const scoped = SCOPED.flatMap(({ method, path, scope = "" }) =>
    CALLERS.map((caller) => ({ method, path, scope, caller, has: SCOPES[caller] })),
  );

  test.each(scoped)("$caller, $method $path, which needs $scope", async ({ method, path, scope, caller, has }) => {
    const body = method === "GET" || method === "DELETE" ? undefined : BAD;
    const response = await ask(caller, method, path.replaceAll(/:[A-Za-z]+/g, "none"), body);
    await response.body?.cancel();
    const expected = has === undefined ? "unknown" : has === scope ? "let in" : "forbidden";
    expect(response.status === 401 ? "unknown" : response.status === 403 ? "forbidden" : "let in").toBe(expected);
  });

  test("every route has a row, or needs a scope; those of operators need the scope admin", () => {
    const rows = HTTP.map(([route]) => route);
    const routes = API_ROUTES.filter((route) => !SCOPED.includes(route));
    expect(rows.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).toSorted());
    const operators = API_ROUTES.filter(({ path }) => path.startsWith("/admin/"));
    expect(operators.filter(({ scope }) => scope !== "admin")).toEqual([]);
  });
});

test("a client's list of sessions has its own only", async () => {
  const result = finishedTurn("alice", "listed");
  await (await openTurnResults(bus)).put(subjects.turnResult(result), result);
  const list = async (caller: Caller) =>
    (await (await ask(caller, "GET", "/v2/sessions")).json()) as { items: unknown[] };
  await eventually(async () => expect((await list("alice")).items).toMatchObject([{ sessionId: "listed" }]));
  for (const caller of ["mallory", "admin"] as const) expect((await list(caller)).items).toEqual([]);
});

test("a turn's events are its owner's only", async () => {
  const readEvents = async (caller: Caller, waitMs: number): Promise<string> => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), waitMs);
    const url = `${edge.gateway(0).url}/v2/turns/t1/events?sessionId=s1`;
    let text = "";
    try {
      const response = await fetch(url, { headers: await headersOf(caller), signal: controller.signal });
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    } catch (error) {
      if (!controller.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
    return text;
  };
  expect(await readEvents("alice", 10_000)).toContain("the secret answer");
  expect(await readEvents("mallory", 1_000)).not.toContain("the secret answer");
});

describe("over WebSocket", () => {
  /** What a stranger hears who names somebody else's session and turn: what one hears of a session that is not there. */
  const FRAMES: Record<ClientFrame["type"], { frame: ClientFrame; stranger: ServerFrame["type"] | "nothing" }> = {
    "turn.start": {
      frame: { type: "turn.start", turnId: "t1", sessionId: "s1", input: { text: "hello" } },
      stranger: "turn.accepted",
    },
    "turn.cancel": { frame: { type: "turn.cancel", turnId: "t1", sessionId: "s1" }, stranger: "nothing" },
    "turn.resume": {
      frame: { type: "turn.resume", turnId: "t1", sessionId: "s1", attempt: 0, position: 0 },
      stranger: "nothing",
    },
    "session.attach": { frame: { type: "session.attach", sessionId: "s1" }, stranger: "nothing" },
    "session.detach": { frame: { type: "session.detach", sessionId: "s1" }, stranger: "nothing" },
    "auth.refresh": { frame: { type: "auth.refresh", token: "bad" }, stranger: "error" },
    ping: { frame: { type: "ping", nonce: "frame" }, stranger: "pong" },
  };

  const connect = async (caller: Caller) => V2Client.connect(edge.gateway(0).url, { headers: await headersOf(caller) });

  test.each(Object.entries(FRAMES))("%s of a stranger shows nothing of somebody's turn", async (_type, row) => {
    const stranger = await connect("mallory");
    await stranger.receive("hello");
    stranger.send(row.frame);
    const result = finishedTurn("alice");
    if (row.stranger !== "nothing") await stranger.receive(row.stranger);
    bus.publish(subjects.turnEvents(result), {
      type: "turn.delta",
      turnId: "t1",
      attempt: 1,
      from: 0,
      to: 6,
      text: "secret",
    });
    await bus.flush();
    stranger.send({ type: "ping", nonce: "last" });
    await stranger.receive("pong", ({ nonce }) => nonce === "last");
    expect(JSON.stringify(stranger.frames)).not.toContain("secret");
    const types = stranger.frames.map(({ type }) => type);
    expect(types).toEqual(["hello", ...(row.stranger === "nothing" ? [] : [row.stranger]), "pong"]);
    stranger.close();
  });

  test("turn.resume of its owner shows the turn", async () => {
    const owner = await connect("alice");
    owner.send(FRAMES["turn.resume"].frame);
    expect(await owner.receive("turn.completed")).toMatchObject({ output: { text: "the secret answer" } });
    owner.close();
  });

  test("every frame has a row", () => {
    const types = clientFrameSchema.options.flatMap((option) => [...option.shape.type.values]);
    expect(Object.keys(FRAMES).toSorted()).toEqual(types.toSorted());
  });

  const channels = API_CHANNELS.map(({ path }) => path.replaceAll(/:[a-z_]+/g, "alice"));
  test.each(channels.flatMap((path) => CALLERS.map((caller) => ({ path, caller }))))(
    "$caller on $path",
    async ({ path, caller }) => {
      const socket = new WebSocket(edge.gateway(0).url.replace("http", "ws") + path, {
        headers: await headersOf(caller),
      });
      const outcome = await new Promise<number | string>((resolve, reject) => {
        const messages: { type: string }[] = [];
        socket.on("message", (data: Buffer) => {
          const message = JSON.parse(data.toString()) as { type: string };
          messages.push(message);
          if (message.type !== "error") resolve("open");
        });
        socket.on("close", resolve);
        socket.on("error", reject);
      });
      socket.terminate();
      expect(outcome).toBe(caller === "nobody" || caller === "forged" ? 4502 : "open");
    },
  );
});

/** A turn that ended, as an orchestrator would have stored it. */
function finishedTurn(clientId: string, sessionId = "s1"): TurnResult {
  const owner = createHash("sha256").update(clientId).digest("hex").slice(0, 16);
  const turnId = "t1";
  const text = "the secret answer";
  return {
    owner,
    sessionId,
    turnId,
    attempt: 1,
    order: 1,
    stateless: false,
    to: text.length,
    segments: [[0, text.length]],
    inputText: "the secret question",
    frame: {
      type: "turn.completed",
      turnId,
      sessionId,
      attempt: 1,
      output: { text },
      usage: { inputTokens: 1, outputTokens: 1, estimated: true },
      finishReason: "stop",
      metadata: {
        model: "test/model",
        mode: "auto",
        latencyMs: 1,
        timeToFirstTokenMs: 1,
        cached: false,
        degraded: false,
        fallbacks: [],
        agents: [],
        qualityScore: 1,
        intent: null,
        confidence: null,
        traceId: "0".repeat(32),
      },
    },
    submittedAt: Date.now(),
    finishedAt: Date.now(),
  };
}

import { eventually } from "@ai-orchestra/testkit";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { answerHello, createGate, startTestBed, type TestBed } from "./support/test-bed.js";
import { V2Client } from "./support/v2-client.js";

let bed: TestBed;

beforeAll(async () => {
  bed = await startTestBed();
  return () => bed.stop();
});

beforeEach(() => {
  bed.orchestrator.script = answerHello;
});

function chat(body: object, init: RequestInit = {}): Promise<Response> {
  return fetch(`${bed.gateway.url}/v2/chat`, { method: "POST", body: JSON.stringify(body), ...init });
}

const asEvents = { headers: { accept: "text/event-stream" } };

interface SseEvent {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

function parseEvents(text: string): SseEvent[] {
  return text
    .split("\n\n")
    .filter((block) => block.startsWith("event:"))
    .map((block) => {
      const fields = new Map(
        block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      return {
        event: fields.get("event")!,
        id: fields.get("id"),
        data: JSON.parse(fields.get("data")!) as SseEvent["data"],
      };
    });
}

/** Reads a response until `text` has come. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, text: string): Promise<string> {
  let seen = "";
  while (!seen.includes(text)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended before ${text}: ${seen}`);
    seen += Buffer.from(value).toString();
  }
  return seen;
}

test("answers a chat with the terminal frame as JSON", async () => {
  const response = await chat({ turnId: "json", sessionId: "h1", input: { text: "hello" } });
  expect(response.status).toBe(200);
  expect(response.headers.get("x-orchestra-turn-id")).toBe("json");
  expect(await response.json()).toMatchObject({
    type: "turn.completed",
    turnId: "json",
    output: { text: "Hello you" },
  });
});

test("answers a repeated turn from its result", async () => {
  const first = await (await chat({ turnId: "again", input: { text: "hello" } })).json();
  expect(await (await chat({ turnId: "again", input: { text: "hello" } })).json()).toEqual(first);
});

test("answers a failed turn with its status, code and retry time", async () => {
  bed.orchestrator.script = (turn) => {
    const { turnId, sessionId } = turn.request;
    turn.ending = {
      type: "turn.failed",
      turnId,
      sessionId,
      code: "provider_unavailable",
      message: "no model answers",
      retryable: true,
      retryAfterMs: 2_500,
      traceId: "",
    };
  };
  const response = await chat({ input: { text: "hello" } });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("3");
  expect(await response.json()).toMatchObject({ error: { code: "provider_unavailable", message: "no model answers" } });
});

test("streams a chat as server-sent events with ids to resume from", async () => {
  const response = await chat({ turnId: "sse", sessionId: "h2", input: { text: "hello" } }, asEvents);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const events = parseEvents(await response.text());
  expect(events.map(({ event, id }) => [event, id])).toEqual([
    ["turn.accepted", undefined],
    ["turn.started", "1.0"],
    ["turn.delta", "1.3"],
    ["turn.delta", "1.6"],
    ["turn.delta", "1.9"],
    ["turn.completed", undefined],
  ]);
  const resumed = await fetch(`${bed.gateway.url}/v2/turns/sse/events?sessionId=h2`, {
    headers: { "last-event-id": "1.6" },
  });
  expect(parseEvents(await resumed.text())).toMatchObject([
    { event: "turn.delta", id: "1.9", data: { text: "you", from: 6 } },
    { event: "turn.completed" },
  ]);
});

test("resumes a running turn over SSE and goes on live", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("half ");
    await gate.opened;
    turn.delta("whole");
  };
  const client = await V2Client.connect(bed.gateway.url);
  client.send({ type: "turn.start", turnId: "live", sessionId: "h3", input: { text: "hello" } });
  await client.receive("turn.delta");
  const response = await fetch(`${bed.gateway.url}/v2/turns/live/events?sessionId=h3`);
  const reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const before = await readUntil(reader, "half");
  gate.open();
  const after = await readUntil(reader, "turn.completed");
  const text = parseEvents(before + after)
    .filter(({ event }) => event === "turn.delta")
    .map(({ data }) => data.text)
    .join("");
  expect(text).toBe("half whole");
  client.close();
});

test.each([
  ["JSON", {}, "gone-json"],
  ["SSE", asEvents, "gone-sse"],
])("cancels the turn when a client that waits for %s goes away", async (_what, init, turnId) => {
  let cancelled = "";
  bed.orchestrator.script = async (turn) => {
    turn.started();
    await turn.cancelled;
    cancelled = turn.request.turnId;
    turn.ending = turn.cancelledFrame();
  };
  const leaving = new AbortController();
  const response = chat({ turnId, input: { text: "hello" } }, { ...init, signal: leaving.signal });
  response.catch(() => undefined);
  await eventually(() => expect(bed.orchestrator.turns.at(-1)?.request.turnId).toBe(turnId));
  leaving.abort();
  await eventually(() => expect(cancelled).toBe(turnId));
});

test("lets the turn of a client that went away go on when it said so", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    await gate.opened;
    answerHello(turn);
  };
  const leaving = new AbortController();
  const body = { turnId: "goes-on", sessionId: "h4", input: { text: "hello" }, options: { onDisconnect: "continue" } };
  chat(body, { signal: leaving.signal }).catch(() => undefined);
  await eventually(() => expect(bed.orchestrator.turns.at(-1)?.request.turnId).toBe("goes-on"));
  leaving.abort();
  gate.open();
  const resumed = await fetch(`${bed.gateway.url}/v2/turns/goes-on/events?sessionId=h4`);
  expect(parseEvents(await resumed.text()).at(-1)).toMatchObject({ event: "turn.completed" });
});

test("cancels a turn by its route, which answers the waiting client", async () => {
  bed.orchestrator.script = async (turn) => {
    turn.started();
    await turn.cancelled;
    turn.ending = turn.cancelledFrame();
  };
  const waiting = chat({ turnId: "route", sessionId: "h5", input: { text: "hello" } });
  await eventually(() => expect(bed.orchestrator.turns.at(-1)?.request.turnId).toBe("route"));
  const cancel = await fetch(`${bed.gateway.url}/v2/turns/route/cancel?sessionId=h5`, { method: "POST" });
  expect([cancel.status, await cancel.json()]).toEqual([202, { turnId: "route", sessionId: "h5" }]);
  const response = await waiting;
  expect([response.status, await response.json()]).toMatchObject([499, { error: { code: "cancelled" } }]);
});

test("fails at once when no memory service is there to ask for sessions", async () => {
  const response = await fetch(`${bed.gateway.url}/v2/sessions`);
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "unavailable" } }]);
});

test.each([
  ["GET", "/nowhere", 404, "not_found"],
  ["PUT", "/v2/chat", 405, "invalid_request"],
  ["GET", "/v2/sessions/a.b", 400, "invalid_request"],
  ["GET", "/v2/sessions?limit=0", 400, "invalid_request"],
  ["GET", "/v2/turns/t/events?sessionId=a%20b", 400, "invalid_request"],
])("answers %s %s with %d", async (method, path, status, code) => {
  const response = await fetch(bed.gateway.url + path, { method });
  expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
  expect(response.headers.get("x-request-id")).toBeTruthy();
});

test("refuses pages of other hosts on routes that act", async () => {
  const response = await chat({ input: { text: "hello" } }, { headers: { origin: "https://evil.example" } });
  expect(response.status).toBe(403);
});

test("tells what it knows of the mesh, and that it is ready", async () => {
  expect((await fetch(`${bed.gateway.url}/readyz`)).status).toBe(200);
  await eventually(async () => {
    const response = await fetch(`${bed.gateway.url}/health`);
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { status: "down", services: { gateway: { status: "ok" }, orchestrator: { status: "down" } } },
    ]);
  });
});

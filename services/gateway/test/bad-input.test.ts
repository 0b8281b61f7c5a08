import { eventually } from "@ai-orchestra/testkit";
import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { connect } from "node:net";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import { startTestBed, type TestBed } from "./support/test-bed.js";
import { V2Client } from "./support/v2-client.js";

const SECRET = "the-users-own-words";

let bed: TestBed;
let client: V2Client;

beforeAll(async () => {
  bed = await startTestBed();
  return () => bed.stop();
});

beforeEach(async () => {
  client = await V2Client.connect(bed.gateway.url);
  return () => client.close();
});

const start = { type: "turn.start", turnId: "t", input: { text: SECRET } };

test.each([
  ["malformed JSON", `{"type": "turn.start", ${SECRET}`, undefined],
  ["an empty frame", "", undefined],
  ["JSON that is no object", JSON.stringify([start]), undefined],
  ["null", "null", undefined],
  ["no type", JSON.stringify({ turnId: "t" }), "t"],
  ["an unknown type", JSON.stringify({ ...start, type: SECRET }), "t"],
  ["a type that is no string", JSON.stringify({ ...start, type: { a: 1 } }), "t"],
  ["a prototype's name as type", JSON.stringify({ ...start, type: "constructor" }), "t"],
  ["a missing field", JSON.stringify({ type: "turn.start", turnId: "t" }), "t"],
  ["a blank text", JSON.stringify({ ...start, input: { text: "  " } }), "t"],
  ["an id with a dot", JSON.stringify({ ...start, turnId: "a.b" }), undefined],
  ["an id with a space", JSON.stringify({ ...start, turnId: "a b" }), undefined],
  ["an id with a wildcard", JSON.stringify({ ...start, sessionId: ">" }), "t"],
  ["an id that is too long", JSON.stringify({ ...start, turnId: "x".repeat(65) }), undefined],
  ["a wrong option", JSON.stringify({ ...start, options: { mode: SECRET } }), "t"],
  ["a timeout below the least", JSON.stringify({ ...start, options: { timeoutMs: 1 } }), "t"],
  [
    "a negative position",
    JSON.stringify({ type: "turn.resume", turnId: "t", sessionId: "s", attempt: 0, position: -1 }),
    "t",
  ],
  ["too much metadata", JSON.stringify({ ...start, metadata: { a: { nested: true } } }), "t"],
])("answers %s with a coded error that quotes nothing, and lives", async (_what, frame, turnId) => {
  client.socket.send(frame);
  const error = await client.receive("error");
  expect(error).toMatchObject({ code: "invalid_request", retryable: false });
  expect(error.turnId).toBe(turnId);
  expect(JSON.stringify(error)).not.toContain(SECRET);
  client.send({ type: "ping", nonce: "alive" });
  expect(await client.receive("pong")).toMatchObject({ nonce: "alive" });
});

test("answers a binary frame with a coded error and lives", async () => {
  client.socket.send(Buffer.from(JSON.stringify(start)), { binary: true });
  expect(await client.receive("error")).toMatchObject({ code: "invalid_request" });
  client.send({ type: "ping" });
  await client.receive("pong");
});

test("ignores fields it does not know", async () => {
  client.socket.send(JSON.stringify({ type: "ping", nonce: "n", more: { of: "this" } }));
  expect(await client.receive("pong")).toMatchObject({ nonce: "n" });
});

test("answers a message of 1 MB with too_large and closes with 4504", async () => {
  client.socket.send(JSON.stringify({ ...start, input: { text: "x".repeat(1_048_576) } }));
  expect(await client.receive("error")).toMatchObject({ code: "too_large", retryable: false });
  expect(await client.closed).toMatchObject({ code: 4504 });
});

test("closes with 4501 after twenty refused frames in a minute", async () => {
  for (let index = 0; index < 25; index += 1) client.socket.send("{");
  expect(await client.closed).toMatchObject({ code: 4501 });
  expect(client.frames.filter(({ type }) => type === "error")).toHaveLength(20);
});

test("refuses another turn of the same id in another session", async () => {
  bed.orchestrator.script = (turn) => turn.cancelled;
  client.socket.send(JSON.stringify({ ...start, sessionId: "one" }));
  client.socket.send(JSON.stringify({ ...start, sessionId: "two" }));
  expect(await client.receive("error")).toMatchObject({ code: "conflict", turnId: "t" });
  client.send({ type: "turn.cancel", turnId: "t" });
  await client.receive("turn.completed");
});

async function refusedUpgrade(
  url: string,
  protocols: string[],
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; retryAfter: string | undefined; body: unknown }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, protocols, { headers });
  const [request, response] = (await once(socket, "unexpected-response")) as [ClientRequest, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  request.destroy();
  return {
    status: response.statusCode,
    retryAfter: response.headers["retry-after"],
    body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
  };
}

test("refuses a subprotocol that it does not speak", async () => {
  expect(await refusedUpgrade(bed.gateway.url, ["graphql-ws"])).toMatchObject({
    status: 400,
    body: { error: { code: "invalid_request" } },
  });
});

test("speaks V2 with a client that names no subprotocol or brings a token along", async () => {
  const plain = await V2Client.connect(bed.gateway.url, { protocols: [] });
  await plain.receive("hello");
  expect(plain.socket.protocol).toBe("");
  plain.close();
  const browser = await V2Client.connect(bed.gateway.url, { protocols: ["orchestra.v2", "bearer.abc"] });
  await browser.receive("hello");
  expect(browser.socket.protocol).toBe("orchestra.v2");
  browser.close();
});

test("refuses pages of other hosts, and foreign names that point here", async () => {
  const foreign = await refusedUpgrade(bed.gateway.url, ["orchestra.v2"], { origin: "https://evil.example" });
  expect(foreign).toMatchObject({ status: 403, body: { error: { code: "forbidden" } } });
  const rebound = { origin: "http://evil.example", host: "evil.example" };
  expect(await refusedUpgrade(bed.gateway.url, ["orchestra.v2"], rebound)).toMatchObject({ status: 403 });
  const local = await V2Client.connect(bed.gateway.url, { origin: "http://localhost:3000" });
  await local.receive("hello");
  local.close();
});

test("answers 503 with a retry time when it is full", async () => {
  const small = await bed.addGateway({ GATEWAY_MAX_CONNECTIONS: "1" });
  const only = await V2Client.connect(small.url);
  expect(await refusedUpgrade(small.url, ["orchestra.v2"])).toMatchObject({
    status: 503,
    retryAfter: "2",
    body: { error: { code: "overloaded" } },
  });
  only.close();
  await eventually(async () => {
    const next = await V2Client.connect(small.url);
    await next.receive("hello");
    next.close();
  });
});

test("survives a body that is cut in half, and connections that say nonsense", async () => {
  const { port } = new URL(bed.gateway.url);
  for (const bytes of [
    `POST /v2/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 200\r\n\r\n{"input": {"te`,
    "nonsense\r\n\r\n",
    Buffer.from([0x16, 0x03, 0x01, 0x02]),
  ]) {
    const socket = connect(Number(port), "127.0.0.1");
    await once(socket, "connect");
    socket.end(bytes);
    socket.on("error", () => undefined);
    await once(socket.resume(), "close");
  }
  expect((await fetch(`${bed.gateway.url}/livez`)).status).toBe(200);
});

test.each([
  ["JSON that is cut off", `{"input": {"text": "${SECRET}`, 400, "invalid_request"],
  ["bytes that are not UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, "invalid_request"],
  ["an empty body", "", 400, "invalid_request"],
  ["a missing field", `{"turnId": "t"}`, 400, "invalid_request"],
  ["an id with a space", `{"turnId": "a b", "input": {"text": "x"}}`, 400, "invalid_request"],
  ["1 MB", JSON.stringify({ input: { text: "x".repeat(1_048_576) } }), 413, "too_large"],
])("answers an HTTP body of %s with a coded error", async (_what, body, status, code) => {
  const response = await fetch(`${bed.gateway.url}/v2/chat`, {
    method: "POST",
    body,
    headers: { "x-request-id": "req-1" },
  });
  expect(response.status).toBe(status);
  expect(response.headers.get("x-request-id")).toBe("req-1");
  const answer = await response.text();
  expect(JSON.parse(answer)).toMatchObject({ error: { code, requestId: "req-1" } });
  expect(answer).not.toContain(SECRET);
});

test("has logged nothing of what clients said", () => {
  expect(bed.gateway.log.join("\n")).not.toContain(SECRET);
});

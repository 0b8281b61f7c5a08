import { beforeAll, beforeEach, expect, test } from "vitest";
import { answerHello, createGate, startTestBed, type TestBed } from "./support/test-bed.js";
import { readTurn, V2Client } from "./support/v2-client.js";

let bed: TestBed;
let client: V2Client;

beforeAll(async () => {
  bed = await startTestBed();
  return () => bed.stop();
});

beforeEach(async () => {
  bed.orchestrator.script = answerHello;
  client = await V2Client.connect(bed.gateway.url);
  return () => client.close();
});

test("says hello with its limits", async () => {
  expect(await client.receive("hello")).toMatchObject({
    protocol: "2",
    limits: { maxMessageBytes: 262_144, maxTurnsInFlight: 64, messagesPerMinute: 100 },
  });
  expect(client.socket.protocol).toBe("orchestra.v2");
});

test("streams a turn in the order of the protocol", async () => {
  client.send({ type: "turn.start", turnId: "order", sessionId: "s1", input: { text: "hello" } });
  const completed = await client.receive("turn.completed");
  expect(client.ofTurn("order").map((frame) => frame.type)).toEqual([
    "turn.accepted",
    "turn.started",
    "turn.delta",
    "turn.delta",
    "turn.delta",
    "turn.completed",
  ]);
  expect(readTurn(client.ofTurn("order")).text).toBe(completed.output.text);
});

test("derives the same session for every resend of a turn without one", async () => {
  client.send({ type: "turn.start", turnId: "nameless", input: { text: "hello" } });
  const { sessionId } = await client.receive("turn.accepted");
  await client.receive("turn.completed");
  const other = await V2Client.connect(bed.gateway.url);
  other.send({ type: "turn.start", turnId: "nameless", input: { text: "hello" } });
  expect(await other.receive("turn.accepted")).toMatchObject({ sessionId, duplicate: true });
  await other.receive("turn.completed");
  expect(readTurn(other.ofTurn("nameless")).text).toBe("Hello you");
  other.close();
});

test("resolves every option, and sends a stateless turn as one", async () => {
  client.send({
    type: "turn.start",
    turnId: "stateless",
    input: { messages: [{ role: "user", content: "hi" }] },
    options: { model: "some/model", timeoutMs: 5_000 },
  });
  await client.receive("turn.completed");
  const { request } = bed.orchestrator.turns.at(-1)!;
  expect(request).toMatchObject({
    stateless: true,
    options: { model: "some/model", mode: "auto", agents: [], useMemory: true, onBusy: "enqueue" },
  });
  expect(request.deadlineAt - request.submittedAt).toBe(5_000);
});

test("tells which turn of the session the connection sent before", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    await gate.opened;
    answerHello(turn);
  };
  for (const turnId of ["first", "second"]) {
    client.send({ type: "turn.start", turnId, sessionId: "ordered", input: { text: "hello" } });
  }
  await client.receive("turn.accepted", ({ turnId }) => turnId === "second");
  gate.open();
  await client.receive("turn.completed", ({ turnId }) => turnId === "second");
  const afterTurnIds = bed.orchestrator.turns
    .filter(({ request }) => request.sessionId === "ordered")
    .sort((one, other) => one.request.turnId.localeCompare(other.request.turnId))
    .map(({ request }) => request.afterTurnId);
  expect(afterTurnIds).toEqual([undefined, "first"]);
});

test("runs a turn once that is sent five times, and answers every sender once", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("half ");
    await gate.opened;
    turn.delta("whole");
  };
  const others = await Promise.all([1, 2, 3].map(() => V2Client.connect(bed.gateway.url)));
  const frame = { type: "turn.start", turnId: "five", sessionId: "s5", input: { text: "hello" } } as const;
  client.send(frame);
  client.send(frame);
  await client.receive("turn.accepted", ({ duplicate }) => duplicate === true);
  for (const other of others) other.send(frame);
  for (const other of others) await other.receive("turn.delta");
  gate.open();
  for (const watcher of [client, ...others]) {
    await watcher.receive("turn.completed");
    const { text, terminals } = readTurn(watcher.ofTurn("five"));
    expect(text).toBe("half whole");
    expect(terminals).toHaveLength(1);
  }
  expect(bed.orchestrator.turns.filter(({ request }) => request.turnId === "five")).toHaveLength(1);
  for (const other of others) other.close();
});

test("shows an attached session's turns to every connection", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("seen ");
    await gate.opened;
    turn.delta("by all");
  };
  const tab = await V2Client.connect(bed.gateway.url);
  client.send({ type: "turn.start", turnId: "shared", sessionId: "tabs", input: { text: "hello" } });
  await client.receive("turn.delta");
  tab.send({ type: "session.attach", sessionId: "tabs" });
  tab.send({ type: "ping", nonce: "attached" });
  await tab.receive("pong");
  gate.open();
  await tab.receive("turn.completed");
  expect(readTurn(tab.ofTurn("shared"))).toMatchObject({ text: "seen by all", terminals: [{ turnId: "shared" }] });

  tab.send({ type: "session.detach", sessionId: "tabs" });
  tab.send({ type: "ping", nonce: "detached" });
  await tab.receive("pong", ({ nonce }) => nonce === "detached");
  bed.orchestrator.script = answerHello;
  client.send({ type: "turn.start", turnId: "private", sessionId: "tabs", input: { text: "hello" } });
  await client.receive("turn.completed", ({ turnId }) => turnId === "private");
  expect(tab.ofTurn("private")).toEqual([]);
  tab.close();
});

test("refuses more turns in flight than a connection may have", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    await gate.opened;
    answerHello(turn);
  };
  for (let index = 0; index < 65; index += 1) {
    client.send({ type: "turn.start", turnId: `flight-${index}`, input: { text: "hello" } });
  }
  expect(await client.receive("error")).toMatchObject({ code: "rate_limited", retryable: true, turnId: "flight-64" });
  gate.open();
  await client.receive("turn.completed", ({ turnId }) => turnId === "flight-63");
});

test("keeps nothing of turns and clients that are gone", async () => {
  client.send({ type: "turn.start", turnId: "endless", input: { text: "hello" } });
  client.send({ type: "session.attach", sessionId: "tabs" });
  await client.receive("turn.accepted");
  client.close();
  await bed.gateway.waitForMetric(/^orchestra_gateway_viewers\{[^}]*\} 0$/m);
  await bed.gateway.waitForMetric(/^orchestra_gateway_connections\{[^}]*\} 0$/m);
});

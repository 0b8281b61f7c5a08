import { connectBus, openTurnQueue } from "@ai-orchestra/bus";
import type { TurnRequest } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { ScriptedTurn } from "./support/scripted-orchestrator.js";
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

const latestTurn = (): ScriptedTurn => bed.orchestrator.turns.at(-1)!;

test("asks the producer for events that were lost on the way", async () => {
  bed.orchestrator.script = (turn) => {
    turn.started();
    turn.delta("one ");
    turn.muted = true;
    turn.delta("two ");
    turn.status("thinking");
    turn.muted = false;
    turn.delta("three");
  };
  client.send({ type: "turn.start", turnId: "gap", sessionId: "r1", input: { text: "hello" } });
  await client.receive("turn.completed");
  expect(readTurn(client.ofTurn("gap")).text).toBe("one two three");
});

test("completes a lost tail from the result", async () => {
  bed.orchestrator.script = (turn) => {
    turn.started();
    turn.delta("one ");
    turn.muted = true;
    turn.delta("two");
    turn.muted = false;
  };
  client.send({ type: "turn.start", turnId: "tail", sessionId: "r2", input: { text: "hello" } });
  await client.receive("turn.completed");
  expect(readTurn(client.ofTurn("tail")).text).toBe("one two");
});

test("finds the result by itself when even the end was lost", async () => {
  bed.orchestrator.script = (turn) => {
    turn.started();
    turn.muted = true;
    turn.delta("unheard");
  };
  client.send({ type: "turn.start", turnId: "silent", sessionId: "r3", input: { text: "hello" } });
  await client.receive("turn.completed");
  expect(readTurn(client.ofTurn("silent"))).toMatchObject({ text: "unheard", attempts: [1] });
});

test("starts over when another attempt takes the turn over, and hides what the old one still says", async () => {
  const old = createGate();
  bed.orchestrator.script = async (turn) => {
    if (turn.attempt === 1) {
      turn.started();
      turn.delta("from the first");
      await client.receive("turn.delta");
      old.open();
      throw new Error("crash");
    }
    const zombie = bed.orchestrator.turns.at(-2)!;
    turn.started();
    turn.delta("from the ");
    zombie.delta(" late words");
    turn.delta("second");
  };
  client.send({ type: "turn.start", turnId: "retry", sessionId: "r4", input: { text: "hello" } });
  await client.receive("turn.completed");
  const { text, terminals, attempts } = readTurn(client.ofTurn("retry"));
  expect(text).toBe("from the second");
  expect(attempts[0]).toBe(1);
  expect(attempts).toHaveLength(2);
  expect(terminals).toHaveLength(1);
});

test("resumes on another gateway when the first one dies, without gap or repeat", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("before ");
    await gate.opened;
    turn.delta("after");
  };
  const doomed = await bed.addGateway();
  const first = await V2Client.connect(doomed.url);
  first.send({ type: "turn.start", turnId: "handover", sessionId: "r5", input: { text: "hello" } });
  const seen = await first.receive("turn.delta");
  await doomed.stop("SIGKILL");
  await first.closed;

  client.send({ type: "turn.resume", turnId: "handover", sessionId: "r5", attempt: seen.attempt, position: seen.to });
  await eventually(() => expect(latestTurn().stateRequests).toContainEqual({ attempt: 1, position: seen.to }));
  gate.open();
  await client.receive("turn.completed");
  expect(readTurn([...first.ofTurn("handover"), ...client.ofTurn("handover")]).text).toBe("before after");
});

test("answers a resume after the end from the result", async () => {
  client.send({ type: "turn.start", turnId: "over", sessionId: "r6", input: { text: "hello" } });
  await client.receive("turn.completed");
  const later = await V2Client.connect(bed.gateway.url);
  later.send({ type: "turn.resume", turnId: "over", sessionId: "r6", attempt: 1, position: 4 });
  await later.receive("turn.completed");
  expect(later.ofTurn("over")).toMatchObject([
    { type: "turn.delta", from: 4, text: "o you" },
    { type: "turn.completed" },
  ]);
  later.close();
});

test("cancels a running turn", async () => {
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("so far");
    await turn.cancelled;
    turn.ending = turn.cancelledFrame();
  };
  client.send({ type: "turn.start", turnId: "stop", sessionId: "r7", input: { text: "hello" } });
  await client.receive("turn.delta");
  client.send({ type: "turn.cancel", turnId: "stop" });
  expect(await client.receive("turn.cancelled")).toMatchObject({ partialText: "so far" });
  expect(readTurn(client.ofTurn("stop")).terminals).toHaveLength(1);
});

test("leaves a note for the orchestrator when a turn is cancelled before it runs", async () => {
  const turnId = "early";
  client.send({ type: "turn.cancel", turnId, sessionId: "r8" });
  client.send({ type: "ping", nonce: turnId });
  await client.receive("pong");
  bed.orchestrator.script = async (turn) => {
    turn.started();
    await turn.cancelled;
    turn.ending = turn.cancelledFrame();
  };
  client.send({ type: "turn.start", turnId, sessionId: "r8", input: { text: "hello" } });
  await client.receive("turn.cancelled");
});

test("cancels on disconnect only the turns that ask for it", async () => {
  const outcomes: string[] = [];
  bed.orchestrator.script = async (turn) => {
    turn.started();
    void turn.cancelled.then(() => outcomes.push(turn.request.turnId));
    await turn.cancelled;
    turn.ending = turn.cancelledFrame();
  };
  const leaver = await V2Client.connect(bed.gateway.url);
  leaver.send({ type: "turn.start", turnId: "stays", input: { text: "hello" } });
  leaver.send({ type: "turn.start", turnId: "goes", input: { text: "hello" }, options: { onDisconnect: "cancel" } });
  await leaver.receive("turn.started", ({ turnId }) => turnId === "stays");
  await leaver.receive("turn.started", ({ turnId }) => turnId === "goes");
  leaver.close();
  await eventually(() => expect(outcomes).toEqual(["goes"]));
  client.send({ type: "turn.cancel", turnId: "stays" });
  await eventually(() => expect(outcomes).toEqual(["goes", "stays"]));
});

test("runs a turn no second time whose result is older than the queue remembers", async () => {
  client.send({ type: "turn.start", turnId: "once", sessionId: "r9", input: { text: "hello" } });
  await client.receive("turn.completed");
  const runs = bed.orchestrator.turns.length;
  // What the queue does with a resend after its two minutes: it takes it, and the orchestrator finds the result.
  const bus = await connectBus({ servers: [bed.nats.url], name: "late-resend" });
  const queue = await openTurnQueue(bus);
  const later = await V2Client.connect(bed.gateway.url);
  later.send({ type: "session.attach", sessionId: "r9" });
  later.send({ type: "ping" });
  await later.receive("pong");
  const request: TurnRequest = bed.orchestrator.turns.at(-1)!.request;
  await queue.submit("normal", request, { messageId: "another" });
  await later.receive("turn.completed");
  expect(readTurn(later.ofTurn("once")).text).toBe("Hello you");
  expect(bed.orchestrator.turns).toHaveLength(runs);
  later.close();
  await bus.drain();
});

test("refuses turns while the bus is away, keeps connections, and catches up when it is back", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("before ");
    await gate.opened;
    turn.delta("after");
  };
  client.send({ type: "turn.start", turnId: "outage", sessionId: "r10", input: { text: "hello" } });
  await client.receive("turn.delta");
  bed.nats.kill("SIGKILL");
  await eventually(async () => {
    client.send({ type: "turn.start", turnId: "refused", sessionId: "r10", input: { text: "hello" } });
    expect(await client.receive("error")).toMatchObject({ code: "unavailable", retryable: true, turnId: "refused" });
  });
  await bed.nats.restart();
  await eventually(() => expect(bed.orchestrator.bus.status).toBe("connected"));
  gate.open();
  await client.receive("turn.completed", ({ turnId }) => turnId === "outage");
  expect(readTurn(client.ofTurn("outage"))).toMatchObject({ text: "before after" });
  expect(client.socket.readyState).toBe(client.socket.OPEN);
});

test("sends clients elsewhere with 4006 when the bus stays away", async () => {
  const impatient = await bed.addGateway({ GATEWAY_BUS_OUTAGE_TIMEOUT_MS: "500" });
  const other = await V2Client.connect(impatient.url);
  bed.nats.kill("SIGKILL");
  expect(await other.closed).toMatchObject({ code: 4006 });
  expect(client.socket.readyState).toBe(client.socket.OPEN);
  await bed.nats.restart();
});

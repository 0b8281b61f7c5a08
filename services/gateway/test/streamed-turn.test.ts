import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGateway, type GatewayProcess } from "./support/gateway-process.js";
import { startScriptedOrchestrator, type ScriptedOrchestrator } from "./support/scripted-orchestrator.js";
import { readTurn, V2Client } from "./support/v2-client.js";

let dataDir: string;
let nats: NatsServer;
let gateway: GatewayProcess;
let orchestrator: ScriptedOrchestrator;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "gateway-"));
  nats = await startNatsServer({ dataDir });
  orchestrator = await startScriptedOrchestrator(nats.url, (turn) => {
    turn.started();
    for (const token of ["Hel", "lo ", "you"]) turn.delta(token);
  });
  gateway = await startGateway(nats.url);
});

afterAll(async () => {
  await gateway?.stop();
  await orchestrator?.stop();
  await nats?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test("streams a turn in the order of the protocol", async () => {
  const client = await V2Client.connect(gateway.url);
  client.send({ type: "turn.start", turnId: "t1", sessionId: "s1", input: { text: "hello" } });
  const completed = await client.receive("turn.completed");
  expect(client.frames.map((frame) => frame.type)).toEqual([
    "hello",
    "turn.accepted",
    "turn.started",
    "turn.delta",
    "turn.delta",
    "turn.delta",
    "turn.completed",
  ]);
  expect(readTurn(client.ofTurn("t1")).text).toBe(completed.output.text);
  expect(orchestrator.turns[0]?.request).toMatchObject({ sessionId: "s1", turnId: "t1", stateless: false });
  client.close();
});

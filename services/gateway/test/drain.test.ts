import { eventually } from "@ai-orchestra/testkit";
import { once } from "node:events";
import { beforeAll, expect, test } from "vitest";
import { spawnGateway } from "./support/gateway-process.js";
import { answerHello, createGate, startTestBed, type TestBed } from "./support/test-bed.js";
import { readTurn, V2Client } from "./support/v2-client.js";

let bed: TestBed;

beforeAll(async () => {
  bed = await startTestBed();
  return () => bed.stop();
});

test("sends clients away with drain and 4001, finishes HTTP requests, and exits", async () => {
  const gate = createGate();
  bed.orchestrator.script = async (turn) => {
    turn.started();
    turn.delta("before ");
    await gate.opened;
    turn.delta("after");
  };
  const leaving = await bed.addGateway();
  const client = await V2Client.connect(leaving.url);
  client.send({
    type: "turn.start",
    turnId: "moved",
    sessionId: "d1",
    input: { text: "hello" },
    options: { onDisconnect: "cancel" },
  });
  const seen = await client.receive("turn.delta");
  const request = fetch(`${leaving.url}/v2/chat`, {
    method: "POST",
    body: JSON.stringify({ turnId: "http", input: { text: "hello" } }),
  });
  await eventually(() => expect(bed.orchestrator.turns.map((turn) => turn.request.turnId)).toContain("http"));

  const exited = leaving.stop("SIGTERM");
  await client.receive("drain");
  expect(await client.closed).toMatchObject({ code: 4001 });
  await expect(fetch(`${leaving.url}/livez`)).rejects.toThrow();

  const next = await V2Client.connect(bed.gateway.url);
  next.send({ type: "turn.resume", turnId: "moved", sessionId: "d1", attempt: seen.attempt, position: seen.to });
  gate.open();
  expect(await (await request).json()).toMatchObject({ type: "turn.completed", output: { text: "before after" } });
  await next.receive("turn.completed");
  expect(readTurn([...client.ofTurn("moved"), ...next.ofTurn("moved")]).text).toBe("before after");
  expect(await exited).toBe(0);
  next.close();
});

test("exits in time although a request never ends", async () => {
  bed.orchestrator.script = (turn) => turn.cancelled;
  const leaving = await bed.addGateway({ DRAIN_TIMEOUT_MS: "1000" });
  const request = fetch(`${leaving.url}/v2/chat`, {
    method: "POST",
    body: JSON.stringify({ turnId: "endless", sessionId: "d2", input: { text: "hello" } }),
  });
  const cut = expect(request).rejects.toThrow();
  await eventually(() => expect(bed.orchestrator.turns.at(-1)?.request.turnId).toBe("endless"));
  const beganMs = performance.now();
  expect(await leaving.stop("SIGTERM")).toBe(0);
  expect(performance.now() - beganMs).toBeLessThan(1_500);
  await cut;
  await fetch(`${bed.gateway.url}/v2/turns/endless/cancel?sessionId=d2`, { method: "POST" });
  bed.orchestrator.script = answerHello;
});

async function collectOutput(env: Record<string, string>): Promise<{ code: number; output: string }> {
  const child = spawnGateway({ NATS_URL: bed.nats.url, OPS_PORT: "0", ...env });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

test("refuses to listen for others than this machine while clients need no token", async () => {
  const { code, output } = await collectOutput({ GATEWAY_HOST: "0.0.0.0", GATEWAY_PORT: "0" });
  expect(code).toBe(78);
  expect(output).toContain("GATEWAY_HOST");
});

test("says which setting to change when its port is taken", async () => {
  const { code, output } = await collectOutput({ GATEWAY_PORT: new URL(bed.gateway.url).port });
  expect(code).not.toBe(0);
  expect(output).toContain("GATEWAY_PORT");
});

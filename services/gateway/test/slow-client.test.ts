import { beforeAll, expect, test } from "vitest";
import { startTestBed, type TestBed } from "./support/test-bed.js";
import { readTurn, V2Client } from "./support/v2-client.js";

let bed: TestBed;

beforeAll(async () => {
  bed = await startTestBed(undefined, {
    GATEWAY_MAX_BUFFERED_BYTES: "1048576",
    GATEWAY_SLOW_CONSUMER_TIMEOUT_MS: "2000",
  });
  return () => bed.stop();
});

const CHUNK = "0123456789abcdef".repeat(64);

test("catches a client up that stopped reading for a while, and costs others nothing", async () => {
  bed.orchestrator.script = async (turn) => {
    turn.started();
    for (let index = 0; index < 230; index += 1) {
      turn.delta(CHUNK);
      if (index % 20 === 0) await turn.flush();
    }
  };
  const slow = await V2Client.connect(bed.gateway.url);
  const quick = await V2Client.connect(bed.gateway.url);
  slow.socket.pause();
  for (let index = 0; index < 40; index += 1) {
    slow.send({ type: "turn.start", turnId: `slow-${index}`, input: { text: "hello" } });
  }
  quick.send({ type: "turn.start", turnId: "quick", input: { text: "hello" } });
  await quick.receive("turn.completed");
  slow.socket.resume();
  for (let index = 0; index < 40; index += 1) {
    const { turnId } = await slow.receive("turn.completed", (frame) => frame.turnId === `slow-${index}`);
    const { text, terminals } = readTurn(slow.ofTurn(turnId));
    expect(text).toBe(CHUNK.repeat(230));
    expect(terminals).toHaveLength(1);
  }
  await bed.gateway.waitForMetric(/^orchestra_gateway_catch_ups_total\{[^}]*trigger="drained"[^}]*\} [1-9]/m);
  slow.close();
  quick.close();
});

test("closes a client with 4002 that does not read again", async () => {
  const stuck = await V2Client.connect(bed.gateway.url);
  stuck.socket.pause();
  for (let index = 0; index < 60; index += 1) {
    stuck.send({ type: "turn.start", turnId: `stuck-${index}`, input: { text: "hello" } });
  }
  const metrics = await bed.gateway.waitForMetric(/^orchestra_gateway_closes_total\{[^}]*code="4002"[^}]*\} 1$/m);
  const buffered = /^orchestra_gateway_buffered_bytes\{[^}]*\} (\d+)$/m.exec(metrics);
  expect(Number(buffered?.[1])).toBe(0);
  stuck.socket.resume();
  expect(await stuck.closed).toMatchObject({ code: 4002 });
});

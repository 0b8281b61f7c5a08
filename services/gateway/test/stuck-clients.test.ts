import { eventually } from "@ai-orchestra/testkit";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import type { ScriptedTurn } from "./support/scripted-orchestrator.js";
import { startTestBed, type TestBed } from "./support/test-bed.js";
import { readTurn, V2Client } from "./support/v2-client.js";

const STUCK = 100;
const QUICK = 900;
/** Every third of them asks, before and while others are stuck. */
const ASKING_SHARE = 3;
/** Stuck clients that read again in the end. */
const RETURNING = 5;
const QUICK_TOKENS = 5;
/** The quick clients ask one after the other, over this time. */
const SPREAD_MS = 4_000;
const FLOOD_CHUNK = "0123456789abcdef".repeat(2_048);
const FLOOD_CHUNKS = 7;
const FLOOD_TEXT = FLOOD_CHUNK.repeat(FLOOD_CHUNKS);
const MAX_BUFFERED_BYTES = 1_048_576;
/** Where the gateway stops to send more, a sixteenth of the maximum. */
const PAUSE_BYTES = MAX_BUFFERED_BYTES / 16;
/** The pause is noticed after what one turn of the event loop brings. */
const BOUND_BYTES = MAX_BUFFERED_BYTES / 2;

/** Generous: clients, orchestrator and test are one process, on a machine with other work. */
const MAX_DELAY_MS = 1_000;

let bed: TestBed;

beforeAll(async () => {
  bed = await startTestBed(play, {
    GATEWAY_MAX_CONNECTIONS: "2000",
    GATEWAY_MAX_NEW_CONNECTIONS_PER_SECOND: "100000",
    GATEWAY_MAX_BUFFERED_BYTES: String(MAX_BUFFERED_BYTES),
    GATEWAY_SLOW_CONSUMER_TIMEOUT_MS: "8000",
  });
  return () => bed.stop();
});

const quietText = (turnId: string): string =>
  Array.from({ length: QUICK_TOKENS }, (_, index) => `${turnId}:${index} `).join("");

/** A flood of text for the session that the stuck clients watch, a short answer of its own for everybody else. */
async function play(turn: ScriptedTurn): Promise<void> {
  turn.started();
  if (turn.request.sessionId === "flood") {
    for (let chunk = 0; chunk < FLOOD_CHUNKS; chunk += 1) {
      turn.delta(FLOOD_CHUNK);
      await turn.flush();
    }
    return;
  }
  for (let index = 0; index < QUICK_TOKENS; index += 1) turn.delta(`${turn.request.turnId}:${index} `);
}

async function connectMany(count: number): Promise<V2Client[]> {
  const clients: V2Client[] = [];
  while (clients.length < count) {
    const batch = Math.min(100, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: batch }, () => V2Client.connect(bed.gateway.url)))));
  }
  return clients;
}

/** Runs one turn on each client, spread over a while, and returns how long each first delta took. */
async function runQuickTurns(clients: readonly V2Client[], label: string): Promise<number[]> {
  return Promise.all(
    clients.map(async (client, index) => {
      await delay((index / clients.length) * SPREAD_MS);
      const turnId = `${label}-${index}`;
      const sentAtMs = performance.now();
      client.send({ type: "turn.start", turnId, input: { text: "hello" } });
      await client.receive("turn.delta", (frame) => frame.turnId === turnId);
      const firstMs = performance.now() - sentAtMs;
      await client.receive("turn.completed", (frame) => frame.turnId === turnId);
      const { text, terminals } = readTurn(client.ofTurn(turnId));
      expect(text).toBe(quietText(turnId));
      expect(terminals).toHaveLength(1);
      return firstMs;
    }),
  );
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;

async function readBufferedBytes(): Promise<number> {
  const metrics = await bed.gateway.waitForMetric(/^orchestra_gateway_buffered_bytes/m);
  return Number(/^orchestra_gateway_buffered_bytes\{[^}]*\} (\d+)$/m.exec(metrics)?.[1]);
}

test(
  "100 stuck clients among 1000 cost their own buffers, are closed with 4002 and can resume",
  { timeout: 120_000 },
  async () => {
    const quick = await connectMany(QUICK);
    const stuck = await connectMany(STUCK);
    const asking = quick.filter((_, index) => index % ASKING_SHARE === 0);
    const calm = await runQuickTurns(asking, "calm");
    for (const client of stuck) {
      client.send({ type: "session.attach", sessionId: "flood" });
      client.send({ type: "ping" });
    }
    await Promise.all(stuck.map((client) => client.receive("pong")));
    for (const client of stuck) client.socket.pause();

    const flooder = await V2Client.connect(bed.gateway.url);
    const flood = async (turnId: string): Promise<void> => {
      flooder.send({ type: "turn.start", turnId, sessionId: "flood", input: { text: "go" } });
      await flooder.receive("turn.completed", (frame) => frame.turnId === turnId);
    };
    // The kernel takes some megabytes for each before anything waits in the gateway.
    for (let index = 0; (await readBufferedBytes()) < STUCK * PAUSE_BYTES; index += 1) await flood(`flood-${index}`);
    const busy = await runQuickTurns(asking, "busy");
    expect(await readBufferedBytes()).toBeLessThan(STUCK * BOUND_BYTES);
    await bed.gateway.waitForMetric(
      new RegExp(`^orchestra_gateway_closes_total\\{[^}]*code="4002"[^}]*\\} ${STUCK}$`, "m"),
    );
    await eventually(async () => expect(await readBufferedBytes()).toBe(0));
    expect(percentile(busy, 0.5)).toBeLessThan(percentile(calm, 0.5) + MAX_DELAY_MS);

    // All of them would keep this process busy for long with what they have not read.
    for (const client of stuck.slice(RETURNING)) client.close();
    const returning = stuck.slice(0, RETURNING);
    for (const client of returning) client.socket.resume();
    // A close frame waits behind what is not read, and uWebSockets.js does not wait for ever.
    for (const client of returning) expect([4002, 1006]).toContain((await client.closed).code);
    for (const client of returning) {
      const seen = client.ofTurn("flood-0");
      const place = seen.findLast((frame) => "to" in frame);
      const resumed = await V2Client.connect(bed.gateway.url);
      resumed.send({
        type: "turn.resume",
        turnId: "flood-0",
        sessionId: "flood",
        attempt: place === undefined ? 0 : 1,
        position: place !== undefined && "to" in place ? place.to : 0,
      });
      await resumed.receive("turn.completed");
      expect(readTurn([...seen, ...resumed.ofTurn("flood-0")]).text).toBe(FLOOD_TEXT);
      resumed.close();
    }
    for (const client of [...quick, flooder]) client.close();
  },
);

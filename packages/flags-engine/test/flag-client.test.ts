import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBus, type Bus, type KvBucket } from "@ai-orchestra/bus";
import {
  flagDefinitionSchema,
  flagExposureBatchSchema,
  subjects,
  type FlagDefinitionInput,
  type FlagExposureBatch,
  type StoredFlag,
} from "@ai-orchestra/contracts";
import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFlagClient, openFlagBucket, type FlagClient } from "../src/index.js";

let dataDir: string;
let nats: NatsServer;
let writer: Bus;
let bucket: KvBucket<StoredFlag>;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "flag-client-"));
  nats = await startNatsServer({ dataDir });
  writer = await connectBus({ servers: [nats.url], name: "writer" });
  bucket = await openFlagBucket(writer);
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await writer.drain();
  await nats.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function startClient(): Promise<FlagClient> {
  const bus = await connectBus({ servers: [nats.url], name: "service" });
  const client = createFlagClient({
    bus,
    service: "test",
    instance: "test-1",
    now: () => Date.now(),
    onError: () => {},
  });
  await client.start();
  ends.push(() => bus.drain());
  ends.push(() => client.stop());
  return client;
}

function put(definition: FlagDefinitionInput): Promise<number> {
  const flag = flagDefinitionSchema.parse(definition);
  return bucket.put(`flag.${flag.key}`, { kind: "flag", flag, change: { action: "update", by: "test", at: 0 } });
}

/** Milliseconds until every client has the value. */
async function untilAllHave(clients: FlagClient[], key: string, value: unknown): Promise<number> {
  const started = performance.now();
  await expect
    .poll(() => clients.map((client) => client.peek(key, {}).value), { interval: 1 })
    .toEqual(clients.map(() => value));
  return performance.now() - started;
}

test("knows the product's flags before anybody wrote any", async () => {
  const client = await startClient();
  expect(client.evaluate("swarm_intelligence", {})).toMatchObject({ value: true, reason: "STATIC" });
});

test("a change reaches every service within 500 ms", async () => {
  await put({ key: "f", status: "disabled" });
  const clients = await Promise.all(Array.from({ length: 10 }, () => startClient()));
  expect(await untilAllHave(clients, "f", false)).toBeLessThan(500);
  await put({ key: "f", status: "enabled" });
  expect(await untilAllHave(clients, "f", true)).toBeLessThan(500);
});

test("goes on with the last definitions while the bus is away, and learns what changed when it is back", async () => {
  await put({ key: "f", status: "enabled" });
  const client = await startClient();
  await nats.stop();
  expect(client.evaluate("f", {})).toMatchObject({ value: true });
  nats = await startNatsServer({ dataDir, port: Number(new URL(nats.url).port) });
  await expect.poll(() => writer.status, { timeout: 10_000 }).toBe("connected");
  await put({ key: "f", status: "disabled" });
  await expect.poll(() => client.peek("f", {}).value, { timeout: 10_000 }).toBe(false);
});

test("forgets a flag that was deleted, and tells listeners of every change", async () => {
  await put({ key: "f", status: "enabled" });
  const client = await startClient();
  let changes = 0;
  const unfollow = client.onChange(() => (changes += 1));
  await bucket.put("flag.f", { kind: "flag", flag: null, change: { action: "delete", by: "test", at: 0 } });
  await expect.poll(() => client.peek("f", {}).errorCode).toBe("FLAG_NOT_FOUND");
  expect(changes).toBe(1);
  unfollow();
  await put({ key: "f", status: "enabled" });
  await expect.poll(() => client.peek("f", {}).value).toBe(true);
  expect(changes).toBe(1);
});

test("publishes each user's exposure to a share once, in batches, and outcomes with them", async () => {
  const rollout = { strategy: "percentage", percentage: 50 } as const;
  await put({ key: "f", status: "conditional", rollout });
  const batches: FlagExposureBatch[] = [];
  writer.subscribe(subjects.flagExposures, (message) => {
    batches.push(flagExposureBatchSchema.parse(message.json()));
  });
  await writer.flush();
  const client = await startClient();
  for (let round = 0; round < 3; round += 1) {
    for (let user = 0; user < 700; user += 1) client.evaluate("f", { targetingKey: `u${user}` });
  }
  client.evaluate("swarm_intelligence", { targetingKey: "u1" });
  client.peek("f", { targetingKey: "unseen" });
  client.recordOutcome({ flag: "f", variant: "on", outcome: "completed", latencyMs: 5 });
  await expect.poll(() => batches.flatMap(({ exposures }) => exposures).length).toBe(700);
  expect(batches.length).toBe(2);
  expect(batches.flatMap(({ outcomes }) => outcomes)).toHaveLength(1);
  expect(new Set(batches.flatMap(({ exposures }) => exposures.map(({ flag }) => flag)))).toEqual(new Set(["f"]));
});

test("drops exposures beyond its bound while the bus is away, and says how many", async () => {
  const rollout = { strategy: "percentage", percentage: 50 } as const;
  await put({ key: "f", status: "conditional", rollout });
  const client = await startClient();
  await nats.stop();
  for (let user = 0; user < 20_100; user += 1) client.evaluate("f", { targetingKey: `u${user}` });
  nats = await startNatsServer({ dataDir, port: Number(new URL(nats.url).port) });
  await expect.poll(() => writer.status, { timeout: 10_000 }).toBe("connected");
  const batches: FlagExposureBatch[] = [];
  writer.subscribe(subjects.flagExposures, (message) => {
    batches.push(flagExposureBatchSchema.parse(message.json()));
  });
  const sum = (count: (batch: FlagExposureBatch) => number) =>
    batches.reduce((total, batch) => total + count(batch), 0);
  await expect.poll(() => sum(({ exposures }) => exposures.length), { timeout: 10_000 }).toBe(20_000);
  expect(sum(({ dropped }) => dropped)).toBe(100);
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCall } from "@ai-orchestra/contracts";
import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectBus, openKv, type Bus } from "../src/index.js";
import { createGate } from "./support/gate.js";
import { becomes } from "./support/nats-fixture.js";
import { openTestQueue } from "./support/queue-fixture.js";
import { openTestStore } from "./support/store-fixture.js";

const echo = defineCall({
  subject: "echo.it",
  request: z.object({ n: z.number() }),
  response: z.object({ n: z.number() }),
  timeoutMs: 5_000,
});

describe("when the server is killed and comes back with its data", () => {
  let server: NatsServer;
  let dataDir: string;
  let bus: Bus;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "bus-test-"));
    server = await startNatsServer({ dataDir });
    bus = await connectBus({ servers: [server.url], name: "survivor" });
  });
  afterAll(async () => {
    await bus.drain();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Kills the server with SIGKILL; `whileDown` runs before it starts again on the same port. */
  async function restartServer(whileDown: () => Promise<void> = async () => undefined): Promise<void> {
    const lost = becomes(bus, "reconnecting");
    server.kill("SIGKILL");
    await lost;
    await whileDown();
    await server.restart();
    await becomes(bus, "connected");
  }

  test("calls and subscriptions work again by themselves, and everything is refused meanwhile", async () => {
    let heard = 0;
    bus.subscribe("news.*", () => void (heard += 1));
    const begun = createGate();
    let hangs = true;
    bus.serve(echo, async ({ n }) => {
      begun.open();
      if (hangs) await new Promise(() => undefined);
      return { n };
    });
    const interrupted = bus.call(echo, { n: 0 }).catch((error: unknown) => error);
    await begun.opened;
    hangs = false;
    await restartServer(async () => {
      expect(await interrupted).toMatchObject({ code: "unavailable", retryable: true });
      expect(() => bus.publish("news.a", 1)).toThrow(expect.objectContaining({ code: "unavailable", retryable: true }));
      const startedAt = performance.now();
      await expect(bus.call(echo, { n: 1 })).rejects.toMatchObject({ code: "unavailable" });
      await expect(bus.flush()).rejects.toMatchObject({ code: "unavailable" });
      expect(performance.now() - startedAt).toBeLessThan(100);
    });
    expect(await bus.call(echo, { n: 2 })).toEqual({ n: 2 });
    bus.publish("news.b", 1);
    await bus.flush();
    expect(heard).toBe(1);
  });

  test("the queue has every message that was acknowledged, and consumption goes on", async () => {
    const queue = await openTestQueue(bus, "RESTARTED", { ackWaitMs: 1_000 });
    const acknowledged = new Set<number>();
    const done = new Map<number, number>();
    const consumption = queue.consume(
      async (job) => {
        await new Promise(setImmediate);
        job.ack();
        done.set(job.sequence, (done.get(job.sequence) ?? 0) + 1);
      },
      { slots: 16 },
    );
    const enough = new AbortController();
    const submitter = (async () => {
      for (let n = 0; !enough.signal.aborted; n += 1) {
        const outcome = await queue.submit("normal", { n }, { messageId: `m-${n}` }).catch(() => undefined);
        if (outcome !== undefined) acknowledged.add(outcome.sequence);
        else await new Promise(setImmediate);
      }
    })();
    await expect.poll(() => done.size).toBeGreaterThan(50);
    await restartServer(async () => {
      await expect(queue.submit("high", { n: -1 }, { messageId: "x" })).rejects.toMatchObject({ code: "unavailable" });
    });
    const before = done.size;
    const backAt = performance.now();
    await expect.poll(() => done.size, { timeout: 10_000 }).toBeGreaterThan(before);
    expect(performance.now() - backAt).toBeLessThan(5_000);
    enough.abort();
    await submitter;
    await expect
      .poll(() => [...acknowledged].filter((sequence) => !done.has(sequence)), { timeout: 10_000 })
      .toEqual([]);
    await consumption.stop();
  });

  test("followers go on where they were", async () => {
    const store = await openTestStore(bus, "RESULTS");
    const seen: string[] = [];
    const following = await store.follow("log", async ({ value }) => void seen.push(value.by), { concurrency: 4 });
    await store.put("results.RESULTS.1", { by: "1" });
    await expect.poll(() => seen).toEqual(["1"]);
    await expect.poll(() => following.pending()).toBe(0);
    await restartServer();
    await expect
      .poll(() => store.put("results.RESULTS.2", { by: "2" }).catch((error: unknown) => error))
      .toMatchObject({ status: expect.stringMatching(/stored|exists/) as string });
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual(["1", "2"]);
    expect(await store.put("results.RESULTS.1", { by: "late" })).toEqual({ status: "exists" });
    expect(await store.get("results.RESULTS.1")).toMatchObject({ value: { by: "1" } });
    await following.stop();
  });

  test("watches tell what changed meanwhile, and nothing twice", async () => {
    const values = await openKv(bus, { bucket: "values", schema: z.number(), replicas: 1, storage: "file" });
    const seen: string[] = [];
    const watch = values.watch((change) => {
      seen.push(`${change.key}:${change.operation === "put" ? change.value : "deleted"}`);
    });
    await watch.ready;
    await values.put("a", 1);
    await values.put("b", 2);
    await expect.poll(() => seen).toEqual(["a:1", "b:2"]);
    await restartServer();
    await expect.poll(() => values.put("a", 3).catch(() => 0)).toBeGreaterThan(0);
    await expect.poll(() => new Set(seen), { timeout: 5_000 }).toEqual(new Set(["a:1", "b:2", "a:3"]));
    expect(seen.filter((change) => change !== "a:3")).toEqual(["a:1", "b:2"]);
    watch.stop();
  });

  test("a queue in memory, which is lost, is made again", async () => {
    const queue = await openTestQueue(bus, "VOLATILE", { storage: "memory" });
    const seen: number[] = [];
    const consumption = queue.consume(
      async (job) => {
        job.ack();
        seen.push(job.data.n);
      },
      { slots: 16 },
    );
    await queue.submit("low", { n: 1 }, { messageId: "1" });
    await expect.poll(() => seen).toEqual([1]);
    await restartServer();
    await expect
      .poll(() => queue.submit("low", { n: 2 }, { messageId: "2" }).catch((error: unknown) => error), {
        timeout: 10_000,
      })
      .toMatchObject({ sequence: 1 });
    await expect.poll(() => seen, { timeout: 5_000 }).toEqual([1, 2]);
    await consumption.stop();
  });
});

describe("connecting", () => {
  test("waits for a server that is not there yet", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "bus-test-"));
    const server = await startNatsServer({ dataDir });
    server.kill("SIGKILL");
    const waiting = createGate();
    const logger = { debug() {}, info() {}, warn: () => waiting.open(), error() {} };
    const connecting = connectBus({ servers: [server.url], name: "early", logger });
    await waiting.opened;
    await server.restart();
    const bus = await connecting;
    expect(bus.status).toBe("connected");
    await bus.drain();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("gives up after its time", async () => {
    const connecting = connectBus({ servers: ["nats://127.0.0.1:1"], name: "lost", connectTimeoutMs: 300 });
    await expect(connecting).rejects.toMatchObject({ code: "unavailable" });
  });

  test("fails at once when the server refuses the credentials", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "bus-test-"));
    const server = await startNatsServer({
      dataDir,
      extraConfig: 'authorization { user: "orchestra", password: "right" }',
    });
    const options = { servers: [server.url], name: "stranger", user: "orchestra" };
    await expect(connectBus({ ...options, password: "wrong" })).rejects.toMatchObject({ code: "unauthorized" });
    const bus = await connectBus({ ...options, password: "right" });
    await bus.drain();
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
});

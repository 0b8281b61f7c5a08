import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openWorkQueue, type Job } from "../src/index.js";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";
import { countMessages, openTestQueue, queueOptions, type Item } from "./support/queue-fixture.js";
import { startTcpProxy } from "./support/tcp-proxy.js";

const nats = useNats();

describe("a job", () => {
  test("comes again when its process is gone, and not while working is said", async () => {
    const proxy = await startTcpProxy(nats.server.port);
    const dying = await nats.connect({ servers: [proxy.url] });
    const bus = await nats.connect();
    const name = nats.uniqueName("Q");
    const doomed = await openTestQueue(dying, name);
    const queue = await openTestQueue(bus, name);
    const taken = createGate<Job<Item>>();
    doomed.consume(
      (job) => {
        taken.open(job);
        return new Promise(() => undefined);
      },
      { slots: 4 },
    );
    await queue.submit("normal", { n: 1 }, { messageId: "1" });
    const job = await taken.opened;
    const redelivered: Job<Item>[] = [];
    const consumption = queue.consume(
      async (again) => {
        redelivered.push(again);
        again.ack();
      },
      { slots: 4 },
    );
    const workingUntil = performance.now() + 2_500;
    while (performance.now() < workingUntil) {
      job.working();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(redelivered).toEqual([]);
    proxy.cut();
    const cutAt = performance.now();
    await expect.poll(() => redelivered.length, { timeout: 10_000 }).toBe(1);
    expect(performance.now() - cutAt).toBeLessThan(3_000);
    expect(redelivered[0]).toMatchObject({ sequence: job.sequence, deliveryCount: 2, data: { n: 1 } });
    await consumption.stop();
    await proxy.stop();
  });

  test("comes again at once after a nak, and after the delay that a nak names", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { ackWaitMs: 30_000 });
    const deliveredAt: number[] = [];
    const finished = createGate();
    const consumption = queue.consume(
      async (job) => {
        deliveredAt.push(performance.now());
        expect(job.deliveryCount).toBe(deliveredAt.length);
        if (job.deliveryCount === 1) job.nak();
        else if (job.deliveryCount === 2) job.nak(600);
        else {
          job.ack();
          finished.open();
        }
      },
      { slots: 4 },
    );
    await queue.submit("high", { n: 1 }, { messageId: "1" });
    await finished.opened;
    await consumption.stop();
    expect(deliveredAt[1]! - deliveredAt[0]!).toBeLessThan(400);
    expect(deliveredAt[2]! - deliveredAt[1]!).toBeGreaterThanOrEqual(550);
    expect(deliveredAt[2]! - deliveredAt[1]!).toBeLessThan(2_000);
  });

  test("whose handler throws, or forgets to settle it, comes again after a growing delay", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { ackWaitMs: 30_000 });
    const deliveredAt: number[] = [];
    const finished = createGate();
    const consumption = queue.consume(
      async (job) => {
        deliveredAt.push(performance.now());
        if (job.deliveryCount === 1) throw new Error("not this time");
        if (job.deliveryCount === 2) return;
        job.ack();
        finished.open();
      },
      { slots: 4 },
    );
    await queue.submit("high", { n: 1 }, { messageId: "1" });
    await finished.opened;
    await consumption.stop();
    expect(deliveredAt[1]! - deliveredAt[0]!).toBeGreaterThanOrEqual(200);
    expect(deliveredAt[2]! - deliveredAt[1]!).toBeGreaterThanOrEqual(450);
  });

  test("comes again any number of times", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"));
    const finished = createGate<number>();
    const consumption = queue.consume(
      async (job) => {
        if (job.deliveryCount < 50) {
          job.nak();
          return;
        }
        job.ack();
        finished.open(job.deliveryCount);
      },
      { slots: 4 },
    );
    await queue.submit("low", { n: 1 }, { messageId: "1" });
    expect(await finished.opened).toBe(50);
    await consumption.stop();
  });

  test("that is not valid is removed and reported without its content, and the next one runs", async () => {
    const reported: object[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => void reported.push(fields) };
    const bus = await nats.connect({ logger });
    const name = nats.uniqueName("Q");
    const queue = await openTestQueue(bus, name, { maxUnreadableDeliveries: 1 });
    const seen = createGate<Item>();
    const consumption = queue.consume(
      async (job) => {
        job.ack();
        seen.open(job.data);
      },
      { slots: 4 },
    );
    await bus.connection.nats.request(`queue.${name}.high`, '{"n":"my secret"}');
    await bus.connection.nats.request(`queue.${name}.high`, "my secret");
    await queue.submit("high", { n: 3 }, { messageId: "3" });
    expect(await seen.opened).toEqual({ n: 3 });
    await expect.poll(() => reported.length).toBe(2);
    expect(JSON.stringify(reported)).not.toContain("secret");
    await expect.poll(() => countMessages(bus, name)).toBe(0);
    await consumption.stop();
  });

  test("that is not valid here is given back for a process that can read it", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("Q");
    const olderQueue = await openTestQueue(bus, name);
    const consumption = olderQueue.consume(async (job) => job.ack(), { slots: 4 });
    await bus.connection.nats.request(`queue.${name}.high`, '{"n":"a newer kind"}');
    const newer = await openWorkQueue(bus, {
      ...queueOptions(name),
      schema: z.object({ n: z.union([z.number(), z.string()]) }),
    });
    await consumption.stop();
    const seen = createGate<unknown>();
    const newerConsumption = newer.consume(
      async (job) => {
        job.ack();
        seen.open(job.data);
      },
      { slots: 4 },
    );
    expect(await seen.opened).toEqual({ n: "a newer kind" });
    await newerConsumption.stop();
  });

  test("can be terminated", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("Q");
    const queue = await openTestQueue(bus, name);
    let deliveries = 0;
    const last = createGate();
    const consumption = queue.consume(
      async (job) => {
        deliveries += 1;
        if (job.data.n === 1) {
          job.terminate("of no use");
          return;
        }
        job.ack();
        last.open();
      },
      { slots: 1 },
    );
    await queue.submit("high", { n: 1 }, { messageId: "1" });
    await queue.submit("high", { n: 2 }, { messageId: "2" });
    await last.opened;
    await consumption.stop();
    expect(deliveries).toBe(2);
    expect(await countMessages(bus, name)).toBe(0);
  });
});

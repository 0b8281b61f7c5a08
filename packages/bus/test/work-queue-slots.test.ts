import { describe, expect, test } from "vitest";
import { createGate } from "./support/gate.js";
import { countMessages, openTestQueue, submitMany, type Lane } from "./support/queue-fixture.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();
const LANES: Lane[] = ["high", "normal", "low"];

describe("a consumption", () => {
  test.each([1, 2, 3, 8, 64])("never runs more handlers than its %i slots, and uses them all", async (slots) => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { ackWaitMs: 10_000 });
    const perLane = 150;
    await Promise.all(LANES.map((lane) => submitMany(queue, lane, perLane)));
    let running = 0;
    let mostRunning = 0;
    let done = 0;
    const finished = createGate();
    const consumption = queue.consume(
      async (job) => {
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        expect(consumption.running).toBeLessThanOrEqual(slots);
        await new Promise(setImmediate);
        job.ack();
        running -= 1;
        done += 1;
        if (done === perLane * LANES.length) finished.open();
      },
      { slots },
    );
    await finished.opened;
    expect(mostRunning).toBe(slots);
    await expect.poll(() => queue.pending()).toEqual({ high: 0, normal: 0, low: 0 });
    await consumption.stop();
    expect(consumption.running).toBe(0);
  });

  test("shares its slots between the lanes by their weights while all have work", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { ackWaitMs: 10_000 });
    const laneOf = new Map<number, Lane>();
    for (const lane of LANES) {
      await Promise.all(
        Array.from({ length: 600 }, async (_, n) => {
          const { sequence } = await queue.submit(lane, { n }, { messageId: `${lane}-${n}` });
          laneOf.set(sequence, lane);
        }),
      );
    }
    const begun: Lane[] = [];
    const enough = createGate();
    const consumption = queue.consume(
      async (job) => {
        begun.push(laneOf.get(job.sequence)!);
        await new Promise(setImmediate);
        job.ack();
        if (begun.length >= 500) enough.open();
      },
      { slots: 10 },
    );
    await enough.opened;
    await consumption.stop();
    const share = (lane: Lane): number => begun.slice(0, 500).filter((each) => each === lane).length / 500;
    expect(share("high")).toBeCloseTo(0.6, 1);
    expect(share("normal")).toBeCloseTo(0.3, 1);
    expect(share("low")).toBeCloseTo(0.1, 1);
  });

  test("gives a lane all slots that the others do not use", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { ackWaitMs: 10_000 });
    await submitMany(queue, "low", 40);
    const gate = createGate();
    const consumption = queue.consume(
      async (job) => {
        await gate.opened;
        job.ack();
      },
      { slots: 16 },
    );
    // One slot stays with each idle lane, so that its next message starts at once.
    await expect.poll(() => consumption.running).toBe(14);
    await submitMany(queue, "high", 1);
    await expect.poll(() => consumption.running).toBe(15);
    gate.open();
    await expect.poll(() => queue.pending()).toEqual({ high: 0, normal: 0, low: 0 });
    await consumption.stop();
  });

  test("shares the work with other processes, no message twice", async () => {
    const buses = await Promise.all([nats.connect(), nats.connect(), nats.connect()]);
    const name = nats.uniqueName("Q");
    const queues = await Promise.all(buses.map((bus) => openTestQueue(bus, name, { ackWaitMs: 10_000 })));
    const total = 900;
    const seen = new Map<number, number>();
    const byProcess = [0, 0, 0];
    const finished = createGate();
    const consumptions = queues.map((queue, index) =>
      queue.consume(
        async (job) => {
          await new Promise(setImmediate);
          job.ack();
          byProcess[index]! += 1;
          seen.set(job.sequence, (seen.get(job.sequence) ?? 0) + 1);
          if (seen.size === total) finished.open();
        },
        { slots: 16 },
      ),
    );
    await Promise.all(LANES.map((lane) => submitMany(queues[0]!, lane, total / 3)));
    await finished.opened;
    await Promise.all(consumptions.map((consumption) => consumption.stop()));
    expect([...seen.values()].every((count) => count === 1)).toBe(true);
    expect(Math.min(...byProcess)).toBeGreaterThan(0);
  });

  test("starts a message within milliseconds when it waits for work", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"));
    let startedAt = 0;
    let begun = createGate();
    const consumption = queue.consume(
      async (job) => {
        startedAt = performance.now();
        job.ack();
        begun.open();
      },
      { slots: 16 },
    );
    const delays: number[] = [];
    for (let n = 0; n < 60; n += 1) {
      begun = createGate();
      const submittedAt = performance.now();
      await queue.submit(LANES[n % 3]!, { n }, { messageId: String(n) });
      await begun.opened;
      delays.push(startedAt - submittedAt);
    }
    await consumption.stop();
    delays.sort((a, b) => a - b);
    expect(delays[30]).toBeLessThan(20);
  });

  test("gives back at once what arrives while it stops", async () => {
    const [bus, otherBus] = await Promise.all([nats.connect(), nats.connect()]);
    const name = nats.uniqueName("Q");
    const queue = await openTestQueue(bus, name, { ackWaitMs: 60_000 });
    const other = await openTestQueue(otherBus, name, { ackWaitMs: 60_000 });
    const handle = async (job: { ack(): void }): Promise<void> => {
      job.ack();
    };
    for (let round = 0; round < 5; round += 1) {
      const consumption = queue.consume(handle, { slots: 16 });
      const submitted = Promise.all(
        Array.from({ length: 40 }, (_, n) => queue.submit("high", { n }, { messageId: `${round}-${n}` })),
      );
      await Promise.all([submitted, consumption.stop()]);
    }
    const taker = other.consume(handle, { slots: 16 });
    await expect.poll(() => countMessages(bus, name)).toBe(0);
    await taker.stop();
  });
});

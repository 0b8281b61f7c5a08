import { describe, expect, test } from "vitest";
import { openTestQueue, submitMany } from "./support/queue-fixture.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();

describe("a submission", () => {
  test("is stored once for each message id", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"));
    const first = await queue.submit("normal", { n: 1 }, { messageId: "turn-1" });
    expect(first).toEqual({ sequence: 1, duplicate: false });
    const again = await Promise.all([1, 2, 3, 4].map(() => queue.submit("normal", { n: 1 }, { messageId: "turn-1" })));
    for (const outcome of again) expect(outcome).toEqual({ sequence: 1, duplicate: true });
    expect(await queue.pending()).toEqual({ high: 0, normal: 1, low: 0 });
  });

  test("is refused with a retry time when the queue is full, and accepted when there is room again", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { maxMessages: 3 });
    await submitMany(queue, "low", 3);
    await expect(queue.submit("high", { n: 4 }, { messageId: "4" })).rejects.toMatchObject({
      code: "overloaded",
      retryable: true,
      retryAfterMs: expect.any(Number) as number,
    });
    const consumption = queue.consume(
      async (job) => {
        job.ack();
      },
      { slots: 12 },
    );
    await expect
      .poll(() => queue.submit("high", { n: 4 }, { messageId: "4" }).catch((error: unknown) => error))
      .toMatchObject({ duplicate: false });
    await consumption.stop();
  });

  test("is refused when the queue has no room for its bytes", async () => {
    const bus = await nats.connect();
    const queue = await openTestQueue(bus, nats.uniqueName("Q"), { maxBytes: 1_000 });
    await expect(submitMany(queue, "normal", 50)).rejects.toMatchObject({ code: "overloaded" });
  });

  test("says unavailable when the queue stays away", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("Q");
    const queue = await openTestQueue(bus, name);
    await bus.connection.nats.request(`$JS.API.STREAM.DELETE.${name}`);
    const submitted = queue.submit("high", { n: 1 }, { messageId: "1", timeoutMs: 500 });
    await expect(submitted).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("opening a queue", () => {
  test("works from several processes at the same time", async () => {
    const buses = await Promise.all(Array.from({ length: 5 }, () => nats.connect()));
    const name = nats.uniqueName("Q");
    const queues = await Promise.all(buses.map((bus) => openTestQueue(bus, name)));
    await queues[0]!.submit("high", { n: 1 }, { messageId: "1" });
    expect(await queues[4]!.pending()).toEqual({ high: 1, normal: 0, low: 0 });
  });

  test("brings an existing queue to new bounds, unless it is to be left alone", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("Q");
    await openTestQueue(bus, name, { maxMessages: 1 });
    const kept = await openTestQueue(bus, name, { maxMessages: 5, createOnly: true });
    await kept.submit("high", { n: 1 }, { messageId: "1" });
    await expect(kept.submit("high", { n: 2 }, { messageId: "2" })).rejects.toMatchObject({ code: "overloaded" });
    const widened = await openTestQueue(bus, name, { maxMessages: 5, ackWaitMs: 2_000, maxAckPending: 50 });
    await widened.submit("high", { n: 2 }, { messageId: "2" });
    expect(await widened.pending()).toMatchObject({ high: 2 });
  });

  test("says so when settings cannot be changed or another queue has the subjects", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("Q");
    await openTestQueue(bus, name);
    await expect(openTestQueue(bus, name, { storage: "memory" })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(name) as string,
    });
    await expect(openTestQueue(bus, nats.uniqueName("Q"), { subjectPrefix: `queue.${name}` })).rejects.toMatchObject({
      code: "conflict",
    });
  });
});

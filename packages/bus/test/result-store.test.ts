import { describe, expect, test } from "vitest";
import { useNats } from "./support/nats-fixture.js";
import { openTestStore } from "./support/store-fixture.js";

const nats = useNats();

describe("a result store", () => {
  test("keeps the first result and refuses every other", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    const subject = `results.${name}.turn`;
    expect(await store.get(subject)).toBeUndefined();
    expect(await store.put(subject, { by: "first" })).toEqual({ status: "stored", sequence: 1 });
    expect(await store.put(subject, { by: "second" })).toEqual({ status: "exists" });
    expect(await store.get(subject)).toEqual({ value: { by: "first" }, sequence: 1 });
  });

  test("has one winner among many that put at the same time", async () => {
    const buses = await Promise.all([nats.connect(), nats.connect()]);
    const name = nats.uniqueName("R");
    const stores = await Promise.all(buses.map((bus) => openTestStore(bus, name)));
    for (let turn = 0; turn < 20; turn += 1) {
      const subject = `results.${name}.${turn}`;
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => ({
          by: String(index),
          outcome: await stores[index % 2]!.put(subject, { by: String(index) }),
        })),
      );
      const winners = outcomes.filter(({ outcome }) => outcome.status === "stored");
      expect(winners).toHaveLength(1);
      expect(await stores[0]!.get(subject)).toMatchObject({ value: { by: winners[0]!.by } });
      expect(await stores[1]!.get(subject)).toMatchObject({ value: { by: winners[0]!.by } });
    }
  });

  test("says overloaded, not exists, when it is full", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name, { maxBytes: 4_000 });
    await store.put(`results.${name}.1`, { by: "1", text: "x".repeat(3_000) });
    await expect(store.put(`results.${name}.2`, { by: "2", text: "x".repeat(3_000) })).rejects.toMatchObject({
      code: "overloaded",
    });
    expect(await store.put(`results.${name}.1`, { by: "again" })).toEqual({ status: "exists" });
  });

  test("refuses a result that is too large", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    const text = "x".repeat(bus.maxPayloadBytes);
    await expect(store.put(`results.${name}.1`, { by: "1", text })).rejects.toMatchObject({ code: "too_large" });
  });

  test("reads from the leader where there are replicas", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    await openTestStore(bus, name);
    // One server cannot have three copies, but it can be asked the way a cluster is.
    const { readLast } = await import("../src/jetstream/read-last.js");
    const store = await openTestStore(bus, name);
    const subject = `results.${name}.1`;
    const options = { stream: name, subject, replicas: 3, timeoutMs: 1_000 };
    expect(await readLast(bus.requests, options)).toBeUndefined();
    await store.put(subject, { by: "größer" });
    expect(await readLast(bus.requests, options)).toMatchObject({ sequence: 1, text: '{"by":"größer"}' });
  });

  test("reports a result that does not fit the schema", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    await bus.connection.nats.request(`results.${name}.1`, "nonsense");
    await expect(store.get(`results.${name}.1`)).rejects.toMatchObject({ code: "internal" });
  });
});

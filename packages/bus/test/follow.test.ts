import { describe, expect, test } from "vitest";
import { createGate } from "./support/gate.js";
import { useNats } from "./support/nats-fixture.js";
import { openTestStore, type Outcome } from "./support/store-fixture.js";

const nats = useNats();

describe("a follower", () => {
  test("sees every result in order, those from before it began first", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    for (let n = 0; n < 20; n += 1) await store.put(`results.${name}.${n}`, { by: String(n) });
    const seen: string[] = [];
    const following = await store.follow("log", async ({ value }) => void seen.push(value.by), { concurrency: 1 });
    for (let n = 20; n < 40; n += 1) await store.put(`results.${name}.${n}`, { by: String(n) });
    await expect.poll(() => following.pending()).toBe(0);
    expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => String(n)));
    expect(await following.progress()).toEqual({ lastSequence: 40, settledSequence: 40 });
    await following.stop();
  });

  test("tries again what failed, and goes on with the others meanwhile", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    const seen: string[] = [];
    const following = await store.follow(
      "log",
      async ({ value, deliveryCount }) => {
        seen.push(`${value.by}:${deliveryCount}`);
        if (value.by === "1" && deliveryCount < 4) throw new Error("the store behind is away");
      },
      { concurrency: 4, retryDelayMs: 100 },
    );
    for (const by of ["0", "1", "2", "3"]) await store.put(`results.${name}.${by}`, { by });
    await expect.poll(() => seen.includes("3:1")).toBe(true);
    expect(await following.pending()).toBeGreaterThan(0);
    await expect.poll(() => following.pending()).toBe(0);
    expect(seen.filter((entry) => entry.startsWith("1:"))).toEqual(["1:1", "1:2", "1:3", "1:4"]);
    expect(seen).toHaveLength(7);
    await following.stop();
  });

  test("never runs more handlers than it may", async () => {
    const bus = await nats.connect();
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.put(`results.${name}.${n}`, { by: String(n) })));
    let running = 0;
    let mostRunning = 0;
    const following = await store.follow(
      "log",
      async () => {
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        await new Promise(setImmediate);
        running -= 1;
      },
      { concurrency: 8 },
    );
    await expect.poll(() => following.pending()).toBe(0);
    expect(mostRunning).toBe(8);
    await following.stop();
  });

  test("shares the results with the other processes of its name, and continues where it stopped", async () => {
    const buses = await Promise.all([nats.connect(), nats.connect()]);
    const name = nats.uniqueName("R");
    const stores = await Promise.all(buses.map((bus) => openTestStore(bus, name)));
    const seen: string[] = [];
    const handle = async ({ value }: { value: Outcome }): Promise<void> => {
      await new Promise(setImmediate);
      seen.push(value.by);
    };
    const followers = await Promise.all(stores.map((store) => store.follow("log", handle, { concurrency: 2 })));
    const put = (from: number, to: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: to - from }, (_, n) =>
          stores[0]!.put(`results.${name}.${from + n}`, { by: `${from + n}` }),
        ),
      );
    await put(0, 50);
    await expect.poll(() => seen.length).toBe(50);
    await expect.poll(() => followers[0]!.pending()).toBe(0);
    await Promise.all(followers.map((follower) => follower.stop()));
    await put(50, 60);
    const resumed = await stores[1]!.follow("log", handle, { concurrency: 2 });
    await expect.poll(() => seen.length).toBe(60);
    expect(new Set(seen).size).toBe(60);
    await resumed.stop();
  });

  test("keeps a slow handler's result to itself", async () => {
    const [bus, otherBus] = await Promise.all([nats.connect(), nats.connect()]);
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    const other = await openTestStore(otherBus, name);
    const counts: number[] = [];
    const finished = createGate();
    const handle = async ({ deliveryCount }: { deliveryCount: number }): Promise<void> => {
      counts.push(deliveryCount);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      finished.open();
    };
    const options = { concurrency: 1, ackWaitMs: 600 };
    const followers = [await store.follow("log", handle, options), await other.follow("log", handle, options)];
    await store.put(`results.${name}.1`, { by: "1" });
    await finished.opened;
    await expect.poll(() => followers[0]!.pending()).toBe(0);
    expect(counts).toEqual([1]);
    await Promise.all(followers.map((follower) => follower.stop()));
  });

  test("skips a result that is not valid and says so without its content", async () => {
    const reported: object[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => void reported.push(fields) };
    const bus = await nats.connect({ logger });
    const name = nats.uniqueName("R");
    const store = await openTestStore(bus, name);
    await bus.connection.nats.request(`results.${name}.1`, '{"by":["secret"]}');
    await store.put(`results.${name}.2`, { by: "fine" });
    const seen = createGate<string>();
    const following = await store.follow("log", async ({ value }) => seen.open(value.by), { concurrency: 1 });
    expect(await seen.opened).toBe("fine");
    expect(reported).toHaveLength(1);
    expect(JSON.stringify(reported)).not.toContain("secret");
    await expect.poll(() => following.pending()).toBe(0);
    await following.stop();
  });
});

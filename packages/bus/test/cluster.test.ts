import { startNatsCluster, type NatsCluster } from "@ai-orchestra/stack";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { connectBus, openKv, type Bus } from "../src/index.js";
import { openTestQueue, type Item } from "./support/queue-fixture.js";
import { openTestStore } from "./support/store-fixture.js";

const REPLICAS = 3;

let dataDir = "";
let cluster: NatsCluster;
/** One connection to each node alone. */
let buses: Bus[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "bus-cluster-"));
  cluster = await startNatsCluster({ dataDir, nodes: REPLICAS });
  buses = await Promise.all(cluster.nodes.map(({ url }) => connectBus({ servers: [url], name: "test" })));
  return async () => {
    await cluster.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
});

afterAll(() => Promise.all(buses.map((bus) => bus.drain())));

async function findLeader(bus: Bus, stream: string): Promise<number> {
  const reply = await bus.connection.nats.request(`$JS.API.STREAM.INFO.${stream}`);
  const leader = reply.json<{ cluster: { leader: string } }>().cluster.leader;
  return Number(leader.slice(-1)) - 1;
}

test("reads a result and a value on every node as soon as they are stored", async () => {
  const stores = await Promise.all(buses.map((bus) => openTestStore(bus, "FRESH", { replicas: REPLICAS })));
  const options = { bucket: "fresh", schema: z.number(), replicas: REPLICAS, storage: "file" } as const;
  const buckets = await Promise.all(buses.map((bus) => openKv(bus, options)));
  for (let n = 0; n < 50; n += 1) {
    const subject = `results.FRESH.${n}`;
    await stores[n % REPLICAS]!.put(subject, { by: String(n) });
    const revision = await buckets[n % REPLICAS]!.put("key", n);
    for (const store of stores) expect(await store.get(subject)).toMatchObject({ value: { by: String(n) } });
    for (const bucket of buckets) expect(await bucket.get("key")).toEqual({ value: n, revision });
  }
});

test("takes messages while the leader is dead and another is elected, hands each out, and none twice for one id", async () => {
  const options = { replicas: REPLICAS, ackWaitMs: 30_000 };
  const queues = await Promise.all(buses.map((bus) => openTestQueue(bus, "ELECT", options)));
  const leader = await findLeader(buses[0]!, "ELECT");
  const survivor = (leader + 1) % REPLICAS;
  const submitted = Array.from({ length: 50 }, (_, n) =>
    queues[survivor]!.submit("normal", { n }, { messageId: String(n) }),
  );
  cluster.nodes[leader]!.kill("SIGKILL");
  const late = queues[survivor]!.submit("normal", { n: 50 }, { messageId: "50" });
  await Promise.all([...submitted, late]);
  const again = await queues[survivor]!.submit("normal", { n: 7 }, { messageId: "7" });
  expect(again.duplicate).toBe(true);
  const seen = await new Promise<Item[]>((resolve) => {
    const items: Item[] = [];
    queues[survivor]!.consume(
      async (job) => {
        items.push(job.data);
        job.ack();
        if (items.length === 51) resolve(items);
      },
      { slots: 8 },
    );
  });
  expect(seen.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 51 }, (_, n) => n));
  await cluster.nodes[leader]!.restart();
});

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { openKv, type Bus, type KvBucket, type KvBucketOptions, type KvChange } from "../src/index.js";
import { useNats } from "./support/nats-fixture.js";

const nats = useNats();
const levelSchema = z.object({ level: z.string() });
type Level = z.infer<typeof levelSchema>;

function openLevels(bus: Bus, options: Partial<KvBucketOptions<Level>> = {}): Promise<KvBucket<Level>> {
  const bucket = options.bucket ?? nats.uniqueName("B");
  return openKv(bus, { schema: levelSchema, replicas: 1, storage: "file", ...options, bucket });
}

const describeChange = (change: KvChange<Level>): string =>
  change.operation === "put" ? `${change.key}=${change.value.level}` : `${change.key} deleted`;

describe("a bucket", () => {
  test("keeps the newest value of each key", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    expect(await levels.get("system")).toBeUndefined();
    expect(await levels.put("system", { level: "normal" })).toBe(1);
    expect(await levels.put("system", { level: "limited" })).toBe(2);
    expect(await levels.get("system")).toEqual({ value: { level: "limited" }, revision: 2 });
    await levels.delete("system");
    expect(await levels.get("system")).toBeUndefined();
    await levels.delete("never.there");
  });

  test("refuses to create what is there, and to update what has changed", async () => {
    const [bus, other] = await Promise.all([nats.connect(), nats.connect()]);
    const bucket = nats.uniqueName("B");
    const levels = await openLevels(bus, { bucket });
    const same = await openLevels(other, { bucket });
    const revision = await levels.create("system", { level: "normal" });
    await expect(same.create("system", { level: "limited" })).rejects.toMatchObject({ code: "conflict" });
    const next = await same.update("system", { level: "limited" }, revision);
    await expect(levels.update("system", { level: "essential" }, revision)).rejects.toMatchObject({
      code: "conflict",
      retryable: false,
    });
    expect(await levels.get("system")).toEqual({ value: { level: "limited" }, revision: next });
  });

  test("lets a key be created again after it was deleted", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    await levels.create("system", { level: "normal" });
    await levels.delete("system");
    await levels.create("system", { level: "again" });
    expect(await levels.get("system")).toMatchObject({ value: { level: "again" } });
  });

  test("has one winner among several that create a key at the same time", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => levels.create("leader", { level: String(index) })),
    );
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
  });

  test("tells the history of a key, as far back as it is kept", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus, { history: 3 });
    expect(await levels.history("system")).toEqual([]);
    for (const level of ["1", "2", "3", "4"]) await levels.put("system", { level });
    await levels.put("other", { level: "x" });
    expect(await levels.history("system")).toEqual([
      { value: { level: "2" }, revision: 2 },
      { value: { level: "3" }, revision: 3 },
      { value: { level: "4" }, revision: 4 },
    ]);
  });

  test("refuses keys that would be another subject", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    for (const key of ["", "a b", "a..b", ".a", "*", ">", "a\r\nPUB x"]) {
      await expect(levels.put(key, { level: "x" })).rejects.toMatchObject({ code: "invalid_request" });
    }
  });

  test("forgets a value after its time", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus, { maxAgeMs: 1_000 });
    await levels.put("system", { level: "normal" });
    await expect.poll(() => levels.get("system"), { timeout: 5_000 }).toBeUndefined();
  });
});

describe("a watch", () => {
  test("tells the current values, is ready, and then tells every change and deletion", async () => {
    const [bus, other] = await Promise.all([nats.connect(), nats.connect()]);
    const bucket = nats.uniqueName("B");
    const levels = await openLevels(bus, { bucket, history: 5 });
    const writer = await openLevels(other, { bucket, history: 5 });
    await writer.put("a", { level: "old" });
    await writer.put("a", { level: "1" });
    await writer.put("b", { level: "2" });
    const seen: string[] = [];
    const watch = levels.watch((change) => void seen.push(describeChange(change)));
    await watch.ready;
    expect(seen).toEqual(["a=1", "b=2"]);
    await writer.put("a", { level: "3" });
    await writer.delete("b");
    await expect.poll(() => seen).toEqual(["a=1", "b=2", "a=3", "b deleted"]);
    watch.stop();
    watch.stop();
  });

  test("of an empty bucket is ready at once", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    const watch = levels.watch(() => undefined);
    await watch.ready;
    watch.stop();
  });

  test("of one key hears only that", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    const seen: string[] = [];
    const watch = levels.watch((change) => void seen.push(describeChange(change)), { key: "turns.*" });
    await watch.ready;
    await levels.put("other", { level: "0" });
    await levels.put("turns.1", { level: "1" });
    await expect.poll(() => seen).toEqual(["turns.1=1"]);
    watch.stop();
  });

  test("keeps up with many changes, in order", async () => {
    const bus = await nats.connect();
    const levels = await openLevels(bus);
    const seen: string[] = [];
    const watch = levels.watch((change) => void seen.push(describeChange(change)));
    await watch.ready;
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => levels.put(`key.${n}`, { level: String(n) })));
    await expect.poll(() => seen.length).toBe(1_000);
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => `key.${n}=${n}`));
    watch.stop();
  });

  test("skips a value that is not valid and goes on", async () => {
    const bus = await nats.connect();
    const bucket = nats.uniqueName("B");
    const levels = await openLevels(bus, { bucket });
    const seen: string[] = [];
    const watch = levels.watch((change) => void seen.push(describeChange(change)));
    await watch.ready;
    await bus.connection.nats.request(`$KV.${bucket}.a`, "nonsense");
    await levels.put("b", { level: "1" });
    await expect.poll(() => seen).toEqual(["b=1"]);
    watch.stop();
  });
});

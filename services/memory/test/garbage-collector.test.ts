import { memorySessionsList } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { COLLECTOR_LOCK_KEY, OWNERS_KEY, ownerSessionsKey, sessionKeys } from "../src/redis/session-keys.js";
import { type MemoryHarness, randomOwner, startMemoryHarness, TestSession } from "./memory-harness.js";

describe("the garbage collector", () => {
  let harness: MemoryHarness;

  beforeAll(async () => {
    harness = await startMemoryHarness();
  });
  afterEach(() => harness.stopInstances());
  afterAll(() => harness.stop());

  it("removes sessions whose time is over, their index entries and then their owner", async () => {
    const instance = await harness.startInstance({ SESSION_TTL_MS: "1000", GC_INTERVAL_MS: "50" });
    const session = new TestSession(harness.bus);
    await session.commit(session.result("t1", 1));
    expect(await harness.redis.zscore(OWNERS_KEY, session.owner)).not.toBeNull();
    await eventually(async () => expect(await harness.redis.zscore(OWNERS_KEY, session.owner)).toBeNull());
    expect(await harness.redis.exists(ownerSessionsKey(session.owner))).toBe(0);
    await eventually(async () => expect(await instance.readMetric("memory_collected_owners_total")).toBe(1));
    await expect(session.messages()).rejects.toMatchObject({ code: "not_found" });
  });

  it("removes the old sessions of an owner who has new ones, even those that were to be kept longer", async () => {
    const owner = randomOwner();
    const old = new TestSession(harness.bus, { owner, sessionId: "old" });
    const recent = new TestSession(harness.bus, { owner, sessionId: "recent" });
    await harness.startInstance();
    await old.commit(old.result("t1", 1));
    await recent.commit(recent.result("t1", 2));
    await harness.redis.zadd(ownerSessionsKey(owner), "XX", Date.now() - 3_600_000, "old");
    await harness.redis.zadd(OWNERS_KEY, "XX", Date.now() - 1, owner);
    await harness.stopInstances();

    const instance = await harness.startInstance({ SESSION_TTL_MS: "600000", GC_INTERVAL_MS: "50" });
    await eventually(async () => expect(await instance.readMetric("memory_collected_sessions_total")).toBe(1));
    const { summary, turns, texts } = sessionKeys(owner, "old");
    expect(await harness.redis.exists(summary, turns, texts)).toBe(0);
    const page = await harness.bus.call(memorySessionsList, { owner, limit: 10 });
    expect(page.items.map(({ sessionId }) => sessionId)).toEqual(["recent"]);
    await eventually(async () => {
      expect(Number(await harness.redis.zscore(OWNERS_KEY, owner))).toBeGreaterThan(Date.now());
    });
  });

  it("lets one instance work at a time", async () => {
    await harness.redis.set(COLLECTOR_LOCK_KEY, "somebody else", "PX", 60_000);
    const owner = randomOwner();
    await harness.redis.zadd(OWNERS_KEY, 1, owner);
    const instance = await harness.startInstance({ GC_INTERVAL_MS: "50" });
    await eventually(async () => {
      expect(await instance.readMetric("memory_collections_total", { outcome: "skipped" })).toBeGreaterThan(1);
    });
    expect(await harness.redis.zscore(OWNERS_KEY, owner)).toBe("1");
    await harness.redis.del(COLLECTOR_LOCK_KEY);
    await eventually(async () => expect(await harness.redis.zscore(OWNERS_KEY, owner)).toBeNull());
    await eventually(async () => expect(await harness.redis.exists(COLLECTOR_LOCK_KEY)).toBe(0));
  });
});

import { memorySessionsGet, memorySessionsList } from "@ai-orchestra/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionKeys } from "../src/redis/session-keys.js";
import {
  type MemoryHarness,
  type MemoryInstance,
  randomOwner,
  startMemoryHarness,
  TestSession,
} from "./memory-harness.js";

describe("the limits of sessions", () => {
  let harness: MemoryHarness;
  let instance: MemoryInstance;

  beforeAll(async () => {
    harness = await startMemoryHarness();
    instance = await harness.startInstance({
      SESSION_MAX_MESSAGES: "6",
      SESSION_MAX_BYTES: "2048",
      SESSIONS_PER_CLIENT: "3",
    });
  });
  afterAll(() => harness.stop());

  it("keep the newest turns when there are too many messages", async () => {
    const session = new TestSession(harness.bus);
    for (let order = 1; order <= 5; order += 1) await session.commit(session.result(`t${order}`, order));
    expect((await session.messages()).map(({ turnId }) => turnId)).toEqual(["t3", "t3", "t4", "t4", "t5", "t5"]);
    expect(await harness.bus.call(memorySessionsGet, session)).toMatchObject({ turns: 3, messages: 6, bytes: 3 * 26 });
    expect(await instance.readMetric("memory_trimmed_turns_total")).toBe(2);
  });

  it("keep the newest turns when there are too many bytes, counted in UTF-8", async () => {
    const session = new TestSession(harness.bus);
    for (const order of [1, 2, 3])
      await session.commit(session.result(`t${order}`, order, { answer: "é".repeat(450) }));
    expect((await session.messages()).map(({ turnId }) => turnId)).toEqual(["t2", "t2", "t3", "t3"]);
    expect(await harness.bus.call(memorySessionsGet, session)).toMatchObject({ turns: 2, bytes: 2 * (14 + 900) });
  });

  it("keep a single turn that is larger than all of them", async () => {
    const session = new TestSession(harness.bus);
    await session.commit(session.result("t1", 1));
    await session.commit(session.result("t2", 2, { answer: "x".repeat(10_000) }));
    expect((await session.messages()).map(({ turnId }) => turnId)).toEqual(["t2", "t2"]);
  });

  it("trim a late turn that stands before everything that is kept", async () => {
    const session = new TestSession(harness.bus);
    for (const order of [10, 11, 12, 5]) await session.commit(session.result(`t${order}`, order));
    expect((await session.messages()).map(({ turnId }) => turnId)).toEqual(["t10", "t10", "t11", "t11", "t12", "t12"]);
  });

  it("keep a client's most recently active sessions and none of them at another's cost", async () => {
    const owner = randomOwner();
    const other = new TestSession(harness.bus, { sessionId: "s1" });
    await other.commit(other.result("t1", 1));
    const sessions = ["s1", "s2", "s3"].map((sessionId) => new TestSession(harness.bus, { owner, sessionId }));
    for (const [index, session] of sessions.entries()) await session.commit(session.result(`t${index}`, index));
    const [first, second] = sessions;
    if (first === undefined || second === undefined) throw new Error("no sessions");
    await first.commit(first.result("again", 10));
    const fourth = new TestSession(harness.bus, { owner, sessionId: "s4" });
    await fourth.commit(fourth.result("t4", 11));

    const page = await harness.bus.call(memorySessionsList, { owner, limit: 10 });
    expect(page.items.map(({ sessionId }) => sessionId)).toEqual(["s4", "s1", "s3"]);
    await expect(second.messages()).rejects.toMatchObject({ code: "not_found" });
    expect(await other.texts()).toHaveLength(2);
    const { summary, turns, texts } = sessionKeys(owner, "s2");
    expect(await harness.redis.exists(summary, turns, texts)).toBe(0);
  });

  it("spare a session in which a turn runs", async () => {
    const owner = randomOwner();
    for (const [order, sessionId] of ["s1", "s2", "s3"].entries()) {
      const session = new TestSession(harness.bus, { owner, sessionId });
      await session.commit(session.result("t1", order));
    }
    const oldest = new TestSession(harness.bus, { owner, sessionId: "s1" });
    await oldest.begin("t2", { order: 5 });
    const fourth = new TestSession(harness.bus, { owner, sessionId: "s4" });
    await fourth.commit(fourth.result("t1", 6));
    const page = await harness.bus.call(memorySessionsList, { owner, limit: 10 });
    expect(page.items.map(({ sessionId }) => sessionId)).toEqual(["s4", "s3", "s1"]);
  });
});

import { memorySessionsDelete, memorySessionsGet } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sessionKeys, turnStateKey } from "../src/redis/session-keys.js";
import { type MemoryHarness, type MemoryInstance, startMemoryHarness, TestSession } from "./memory-harness.js";

describe("a turn's result", () => {
  let harness: MemoryHarness;
  let instance: MemoryInstance;
  const newSession = (): TestSession => new TestSession(harness.bus);

  beforeAll(async () => {
    harness = await startMemoryHarness();
    instance = await harness.startInstance({ SESSION_MAX_MESSAGES: "6" });
  });
  afterAll(() => harness.stop());

  it("is applied from the results stream without any call", async () => {
    const session = newSession();
    await harness.turnResults.put(session.subjectOf("t1"), session.result("t1", 1));
    await eventually(async () => expect(await session.texts()).toEqual(["question of t1", "answer of t1"]));
  });

  it("is applied once, however often and from however many sides it comes at once", async () => {
    const session = newSession();
    const result = session.result("t1", 1);
    const before = await countFromLog();
    const replies = await Promise.all([
      ...Array.from({ length: 20 }, () => session.commit(result)),
      harness.turnResults.put(session.subjectOf("t1"), result),
    ]);
    expect(replies.filter(({ status }) => status === "applied").length).toBeLessThanOrEqual(1);
    expect(await session.commit(result)).toEqual({ status: "duplicate" });
    await eventually(async () => expect(await countFromLog()).toBe(before + 1));
    expect(await session.texts()).toEqual(["question of t1", "answer of t1"]);
    expect(await harness.bus.call(memorySessionsGet, session)).toMatchObject({ turns: 1, messages: 2, bytes: 26 });
  });

  it("stands at its place in the session however late it comes", async () => {
    const session = newSession();
    for (const order of [30, 10, 20]) await session.commit(session.result(`t${order}`, order));
    expect((await session.messages()).filter(({ role }) => role === "user").map(({ turnId }) => turnId)).toEqual([
      "t10",
      "t20",
      "t30",
    ]);
  });

  it("follows what is there when the queue was made anew and counts from 1 again", async () => {
    const session = newSession();
    const now = Date.now();
    for (const order of [500, 501]) await session.commit(session.result(`old${order}`, order, { submittedAt: now }));
    for (const order of [3, 1, 2]) {
      await session.commit(session.result(`new${order}`, order, { submittedAt: now + 3_600_000 + order }));
    }
    const turnIds = new Set((await session.messages()).map(({ turnId }) => turnId));
    expect([...turnIds]).toEqual(["new1", "new2", "new3"]);
  });

  it("is not applied again after its text was trimmed away", async () => {
    const session = newSession();
    const first = session.result("t1", 1);
    await session.commit(first);
    for (const order of [2, 3, 4]) await session.commit(session.result(`t${order}`, order));
    expect(await session.texts()).not.toContain("question of t1");
    expect(await session.commit(first)).toEqual({ status: "duplicate" });
    expect(await session.texts()).not.toContain("question of t1");
  });

  it("is not applied again after its state was forgotten while its text is kept", async () => {
    const session = newSession();
    const result = session.result("t1", 1);
    await session.commit(result);
    await harness.redis.del(turnStateKey(result));
    expect(await session.commit(result)).toEqual({ status: "duplicate" });
    expect(await session.texts()).toEqual(["question of t1", "answer of t1"]);
  });

  it("of a turn that failed can be read, with what it had said", async () => {
    const session = newSession();
    await session.commit(session.result("t1", 1, { frame: session.failedFrame("t1", "half an ans") }));
    expect(await session.messages()).toMatchObject([
      { turnId: "t1", role: "user", text: "question of t1", status: "failed" },
      { turnId: "t1", role: "assistant", text: "half an ans", status: "failed" },
    ]);
  });

  it("of a stateless turn is acknowledged and leaves nothing", async () => {
    const session = newSession();
    const result = session.result("t1", 1, { stateless: true, inputText: undefined });
    const before = await countFromLog();
    expect(await session.commit(result)).toEqual({ status: "applied" });
    await harness.turnResults.put(session.subjectOf("t1"), result);
    await eventually(async () => expect(await countFromLog()).toBe(before + 1));
    expect(await harness.redis.keys(`*${session.owner}*`)).toEqual([]);
  });

  it("does not bring back a session that was deleted after the turn was sent", async () => {
    const session = newSession();
    await session.commit(session.result("t1", 1));
    const late = session.result("t2", 2);
    const reply = await session.begin("t2", { order: 2 });
    if (reply.status !== "granted") throw new Error("not granted");
    expect(await harness.bus.call(memorySessionsDelete, session)).toEqual({ deleted: true });
    expect(await session.renew("t2", reply.fence)).toEqual({ held: true });

    expect(await session.commit(late)).toEqual({ status: "applied" });
    expect(await session.commit(session.result("t1", 1))).toEqual({ status: "duplicate" });
    await expect(session.messages()).rejects.toMatchObject({ code: "not_found" });
    expect(await harness.redis.exists(...Object.values(sessionKeys(session.owner, session.sessionId)))).toBe(1);
  });

  it("of a turn that was queued when the session was deleted stays out, of one sent afterwards goes in", async () => {
    const session = newSession();
    await session.commit(session.result("t1", 1));
    const queued = session.result("t2", 2);
    await harness.bus.call(memorySessionsDelete, session);
    await session.commit(queued);
    await expect(session.messages()).rejects.toMatchObject({ code: "not_found" });

    await session.commit(session.result("t3", 3, { submittedAt: Date.now() + 1_000 }));
    expect(await session.texts()).toEqual(["question of t3", "answer of t3"]);
  });

  it("that Redis refuses for ever is set aside without its text, and does not stop the others", async () => {
    const poisoned = newSession();
    const healthy = newSession();
    await harness.redis.set(sessionKeys(poisoned.owner, poisoned.sessionId).texts, "not a hash");
    await harness.turnResults.put(poisoned.subjectOf("t1"), poisoned.result("t1", 1, { answer: "a secret" }));
    await harness.turnResults.put(healthy.subjectOf("t1"), healthy.result("t1", 1));
    await eventually(async () => expect(await healthy.texts()).toHaveLength(2));
    await eventually(async () => {
      expect(await instance.readMetric("memory_commits_total", { outcome: "set_aside" })).toBe(1);
    });
    expect(instance.logLines.join("\n")).toContain("a result is set aside");
    expect(instance.logLines.join("\n")).not.toContain("a secret");
    expect(await healthy.begin("t2", { order: 2 })).toMatchObject({ status: "granted" });
  });

  it("never shows up in the log with its text", () => {
    expect(instance.logLines.join("\n")).not.toContain("question of");
  });

  function countFromLog(): Promise<number> {
    return instance.readMetric("memory_commits_total", { source: "log" });
  }
});

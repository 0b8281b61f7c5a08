import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { sessionKeys } from "../src/redis/session-keys.js";
import { type MemoryHarness, startMemoryHarness, TestSession } from "./memory-harness.js";

describe("the session lease", () => {
  let harness: MemoryHarness;
  const newSession = (): TestSession => new TestSession(harness.bus);

  beforeAll(async () => {
    harness = await startMemoryHarness();
    await harness.startInstance();
  });
  afterAll(() => harness.stop());

  /** Lets the lease run out now instead of in 15 s. */
  async function expireLease({ owner, sessionId }: TestSession): Promise<void> {
    await harness.redis.hset(sessionKeys(owner, sessionId).control, "expiresAt", 1);
  }

  it("is granted to one turn at a time and passes on with the commit", async () => {
    const session = newSession();
    expect(await session.begin("t1", { order: 1 })).toMatchObject({
      status: "granted",
      leaseTtlMs: 15_000,
      messages: [],
    });
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "busy", holderTurnId: "t1" });
    await session.commit(session.result("t1", 1));
    expect(await session.begin("t2", { order: 2 })).toMatchObject({
      status: "granted",
      messages: [
        { role: "user", text: "question of t1" },
        { role: "assistant", text: "answer of t1" },
      ],
    });
  });

  it("grants a session to one of many turns that ask at once", async () => {
    const session = newSession();
    const turnIds = Array.from({ length: 20 }, (_, index) => `t${index}`);
    const replies = await Promise.all(turnIds.map((turnId, order) => session.begin(turnId, { order })));
    expect(replies.filter(({ status }) => status === "granted")).toHaveLength(1);
    expect(replies.filter(({ status }) => status === "busy")).toHaveLength(19);
  });

  it("passes to a newer attempt of the same turn under a higher fence, and the older one cannot renew it any more", async () => {
    const session = newSession();
    const first = await session.begin("t1", { order: 1, attempt: 1 });
    const second = await session.begin("t1", { order: 1, attempt: 2 });
    if (first.status !== "granted" || second.status !== "granted") throw new Error("not granted");
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await session.renew("t1", first.fence)).toEqual({ held: false });
    expect(await session.renew("t1", second.fence)).toEqual({ held: true });
  });

  it("is never taken back by a stale attempt, not even once it has run out", async () => {
    const session = newSession();
    await session.begin("t1", { order: 1, attempt: 3 });
    expect(await session.begin("t1", { order: 1, attempt: 2 })).toMatchObject({ status: "busy", holderTurnId: "t1" });
    await expireLease(session);
    expect(await session.begin("t1", { order: 1, attempt: 2 })).toMatchObject({ status: "busy", holderTurnId: "t1" });
  });

  it("can be asked for again by the same attempt, whose first answer was lost, without counting as a start", async () => {
    const session = newSession();
    for (let ask = 0; ask < 5; ask += 1) {
      expect(await session.begin("t1", { order: 1, attempt: 1 })).toMatchObject({ status: "granted" });
    }
    expect(await session.begin("t1", { order: 1, attempt: 2 })).toMatchObject({ status: "granted" });
  });

  it("is refused after three real starts, and refusals before do not count", async () => {
    const session = newSession();
    await session.begin("other", { order: 1 });
    for (const attempt of [1, 2, 3, 4]) {
      expect(await session.begin("t1", { order: 2, attempt })).toMatchObject({ status: "busy" });
    }
    await session.commit(session.result("other", 1));
    for (const attempt of [5, 7, 8]) {
      expect(await session.begin("t1", { order: 2, attempt })).toMatchObject({ status: "granted" });
    }
    expect(await session.begin("t1", { order: 2, attempt: 9 })).toEqual({ status: "exhausted", starts: 3 });
  });

  it("does not count an attempt that was handed over as a start, and keeps other turns out meanwhile", async () => {
    const session = newSession();
    for (const attempt of [1, 2, 3, 4, 5]) {
      const granted = await session.begin("t1", { order: 1, attempt });
      if (granted.status !== "granted") throw new Error(`attempt ${attempt} was answered ${granted.status}`);
      for (const handOver of [true, true]) {
        expect(await session.renew("t1", granted.fence, { handOver })).toEqual({ held: true });
      }
      expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "busy", holderTurnId: "t1" });
    }
    for (const attempt of [6, 7, 8]) {
      expect(await session.begin("t1", { order: 1, attempt })).toMatchObject({ status: "granted" });
    }
    expect(await session.begin("t1", { order: 1, attempt: 9 })).toEqual({ status: "exhausted", starts: 3 });
  });

  it("is not granted to a turn that has a result", async () => {
    const session = newSession();
    await session.commit(session.result("t1", 1));
    expect(await session.begin("t1", { order: 1 })).toEqual({ status: "done" });
  });

  it("waits for the turn that came before, even one that has not begun", async () => {
    const session = newSession();
    expect(await session.begin("t2", { order: 2, afterTurnId: "t1" })).toMatchObject({
      status: "busy",
      holderTurnId: "t1",
    });
    await session.commit(session.result("t1", 1));
    expect(await session.begin("t2", { order: 2, afterTurnId: "t1" })).toMatchObject({ status: "granted" });
  });

  it("goes to the turn that was sent first among those that wait, whoever asks first when it is free", async () => {
    const session = newSession();
    await session.begin("t1", { order: 1 });
    expect(await session.begin("t3", { order: 3 })).toMatchObject({ status: "busy", reason: "held" });
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "busy", reason: "held" });
    await session.commit(session.result("t1", 1));
    expect(await session.begin("t3", { order: 3 })).toMatchObject({
      status: "busy",
      reason: "queued",
      holderTurnId: "t2",
    });
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "granted" });
    await session.commit(session.result("t2", 2));
    expect(await session.begin("t3", { order: 3 })).toMatchObject({ status: "granted" });
  });

  it("does not wait for a turn that waited and then ended, or has not asked for a while", async () => {
    const session = newSession();
    await session.begin("t1", { order: 1 });
    await session.begin("t2", { order: 2 });
    await session.begin("t3", { order: 3 });
    await session.commit(session.result("t2", 2));
    await session.commit(session.result("t1", 1));
    await harness.redis.hset(sessionKeys(session.owner, session.sessionId).waiting, "t0", "0:1");
    expect(await session.begin("t3", { order: 3 })).toMatchObject({ status: "granted" });
  });

  it("is taken again by its holder when Redis lost it, but not when it was released", async () => {
    const session = newSession();
    const begun = await session.begin("t1", { order: 1 });
    if (begun.status !== "granted") throw new Error("not granted");
    await harness.redis.del(sessionKeys(session.owner, session.sessionId).control);
    expect(await session.renew("t1", begun.fence)).toEqual({ held: true });
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "busy", holderTurnId: "t1" });
    await session.commit(session.result("t1", 1));
    expect(await session.renew("t1", begun.fence)).toEqual({ held: false });
  });

  it("stays with a holder that renews it and with one that ran out but that nobody replaced", async () => {
    const session = newSession();
    const reply = await session.begin("t1", { order: 1 });
    if (reply.status !== "granted") throw new Error("not granted");
    await expireLease(session);
    expect(await session.renew("t1", reply.fence)).toEqual({ held: true });
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "busy", holderTurnId: "t1" });
  });

  it("passes on when it ran out, and is then refused to the one that had it", async () => {
    const session = newSession();
    const reply = await session.begin("t1", { order: 1 });
    if (reply.status !== "granted") throw new Error("not granted");
    await expireLease(session);
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "granted" });
    expect(await session.renew("t1", reply.fence)).toEqual({ held: false });
    expect(await session.begin("t1", { order: 1, attempt: 2 })).toMatchObject({ status: "busy", holderTurnId: "t2" });
  });

  it("is released by the commit of a lower attempt that won", async () => {
    const session = newSession();
    await session.begin("t1", { order: 1, attempt: 1 });
    const second = await session.begin("t1", { order: 1, attempt: 2 });
    if (second.status !== "granted") throw new Error("not granted");
    await session.commit(session.result("t1", 1, { attempt: 1 }));
    expect(await session.renew("t1", second.fence)).toEqual({ held: false });
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "granted" });
  });

  it("is not released by the commit of another turn", async () => {
    const session = newSession();
    const reply = await session.begin("t1", { order: 1 });
    if (reply.status !== "granted") throw new Error("not granted");
    await session.commit(session.result("t0", 0));
    expect(await session.renew("t1", reply.fence)).toEqual({ held: true });
  });

  it("is taken without a word of history by a turn that wants no memory, which leaves none either", async () => {
    const session = newSession();
    await session.commit(session.result("t1", 1));
    expect(await session.begin("t2", { order: 2, useMemory: false })).toMatchObject({
      status: "granted",
      messages: [],
    });
    expect(await session.begin("t3", { order: 3 })).toMatchObject({ status: "busy", holderTurnId: "t2" });
    await session.commit(session.result("t2", 2, { inputText: undefined }));
    expect(await session.begin("t2", { order: 2 })).toEqual({ status: "done" });
    expect(await session.texts()).toEqual(["question of t1", "answer of t1"]);
  });

  it("gives the newest turns that fit, oldest first, without failed and empty cancelled ones", async () => {
    await harness.stopInstances();
    await harness.startInstance({ CONTEXT_MAX_MESSAGES: "4" });
    const session = newSession();
    await session.commit(session.result("t1", 1));
    await session.commit(session.result("t2", 2));
    await session.commit(session.result("t3", 3, { frame: session.failedFrame("t3", "half an ans") }));
    await session.commit(session.result("t4", 4, { frame: session.cancelledFrame("t4", "") }));
    await session.commit(session.result("t5", 5, { frame: session.cancelledFrame("t5", "it is") }));
    expect(await session.begin("t6", { order: 6 })).toMatchObject({
      messages: [
        { role: "user", text: "question of t2" },
        { role: "assistant", text: "answer of t2" },
        { role: "user", text: "question of t5" },
        { role: "assistant", text: "it is" },
      ],
    });
  });

  it("gives the newest turn whole, however long it is", async () => {
    await harness.stopInstances();
    await harness.startInstance({ CONTEXT_MAX_BYTES: "1024" });
    const session = newSession();
    await session.commit(session.result("t1", 1));
    await session.commit(session.result("t2", 2, { answer: "é".repeat(5_000) }));
    expect(await session.begin("t3", { order: 3 })).toMatchObject({
      messages: [
        { role: "user", text: "question of t2" },
        { role: "assistant", text: "é".repeat(5_000) },
      ],
    });
  });
});

describe("a lease that ran out while a result waits", () => {
  let harness: MemoryHarness;

  beforeAll(async () => {
    harness = await startMemoryHarness();
  });
  afterEach(() => harness.stopInstances());
  afterAll(() => harness.stop());

  it("passes on only after that result is applied", async () => {
    const session = new TestSession(harness.bus);
    const instance = await harness.startInstance();
    await session.begin("t1", { order: 1 });
    await harness.redis.hset(sessionKeys(session.owner, session.sessionId).control, "expiresAt", 1);
    // Nobody follows the commit log any more, so that the result stays where it is.
    await instance.stopComponent("commit-log");
    await harness.turnResults.put(session.subjectOf("t1"), session.result("t1", 1));
    expect(await session.begin("t2", { order: 2 })).toMatchObject({
      status: "granted",
      messages: [
        { role: "user", text: "question of t1" },
        { role: "assistant", text: "answer of t1" },
      ],
    });
    expect(await instance.readMetric("memory_commits_total", { source: "recovery", outcome: "applied" })).toBe(1);
  });

  it("passes on all the same when that result can never be applied", async () => {
    const session = new TestSession(harness.bus);
    const instance = await harness.startInstance();
    await session.begin("t1", { order: 1 });
    const keys = sessionKeys(session.owner, session.sessionId);
    await harness.redis.hset(keys.control, "expiresAt", 1);
    await harness.redis.set(keys.summary, "not a hash");
    await instance.stopComponent("commit-log");
    await harness.turnResults.put(session.subjectOf("t1"), session.result("t1", 1, { answer: "a secret" }));
    expect(await session.begin("t2", { order: 2 })).toMatchObject({ status: "granted", messages: [] });
    expect(instance.logLines.join("\n")).toContain("a result cannot be applied");
    expect(instance.logLines.join("\n")).not.toContain("a secret");
  });
});

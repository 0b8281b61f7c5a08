import {
  memorySessionsDelete,
  memorySessionsGet,
  memorySessionsList,
  memorySessionsMessages,
} from "@ai-orchestra/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MemoryHarness, randomOwner, startMemoryHarness, TestSession } from "./memory-harness.js";

describe("sessions", () => {
  let harness: MemoryHarness;

  beforeAll(async () => {
    harness = await startMemoryHarness();
    await harness.startInstance();
  });
  afterAll(() => harness.stop());

  async function fillSessions(owner: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const session = new TestSession(harness.bus, { owner, sessionId: `s${index}` });
      await session.commit(session.result("t1", index));
    }
  }

  it("are listed latest first, page by page, each once", async () => {
    const owner = randomOwner();
    await fillSessions(owner, 25);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await harness.bus.call(memorySessionsList, { owner, limit: 10, cursor });
      seen.push(...page.items.map(({ sessionId }) => sessionId));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `s${24 - index}`));
  });

  it("that move to the front while pages are read are not listed twice, and none of the others is missed", async () => {
    const owner = randomOwner();
    await fillSessions(owner, 6);
    const first = await harness.bus.call(memorySessionsList, { owner, limit: 3 });
    const moving = new TestSession(harness.bus, { owner, sessionId: "s5" });
    await moving.commit(moving.result("t2", 10));
    const second = await harness.bus.call(memorySessionsList, { owner, limit: 3, cursor: first.nextCursor });
    expect(first.items.map(({ sessionId }) => sessionId)).toEqual(["s5", "s4", "s3"]);
    expect(second.items.map(({ sessionId }) => sessionId)).toEqual(["s2", "s1", "s0"]);
    expect(second.nextCursor).toBeUndefined();
  });

  it("are summed up with their times and sizes", async () => {
    const session = new TestSession(harness.bus);
    const submittedAt = Date.parse("2030-01-02T03:04:05.678Z");
    await session.commit(session.result("t1", 1, { submittedAt, finishedAt: submittedAt + 1 }));
    const summary = await harness.bus.call(memorySessionsGet, session);
    expect(summary).toMatchObject({ sessionId: "s1", createdAt: "2030-01-02T03:04:05.678Z", turns: 1, messages: 2 });
    expect(Math.abs(Date.parse(summary.updatedAt) - Date.now())).toBeLessThan(10_000);
  });

  it("give their messages page by page, also when a page ends inside a turn", async () => {
    const session = new TestSession(harness.bus);
    for (let order = 1; order <= 10; order += 1) await session.commit(session.result(`t${order}`, order));
    const expected = Array.from({ length: 10 }, (_, i) => [`question of t${i + 1}`, `answer of t${i + 1}`]).flat();
    for (const limit of [1, 3, 7, 20]) {
      expect((await session.messages(limit)).map(({ text }) => text)).toEqual(expected);
    }
  });

  it("give long messages in pages that the bus can carry", async () => {
    const session = new TestSession(harness.bus, { owner: randomOwner() });
    const answer = "x".repeat(200_000);
    for (let order = 1; order <= 5; order += 1) await session.commit(session.result(`t${order}`, order, { answer }));
    expect(await session.messages(200)).toHaveLength(10);
  });

  it("are nobody else's", async () => {
    const mine = new TestSession(harness.bus);
    const theirs = new TestSession(harness.bus);
    await mine.commit(mine.result("t1", 1));
    await expect(harness.bus.call(memorySessionsGet, theirs)).rejects.toMatchObject({ code: "not_found" });
    await expect(theirs.messages()).rejects.toMatchObject({ code: "not_found" });
    expect(await harness.bus.call(memorySessionsDelete, theirs)).toEqual({ deleted: false });
    expect(await harness.bus.call(memorySessionsList, { owner: theirs.owner, limit: 10 })).toEqual({ items: [] });
    expect(await theirs.begin("t1", { order: 2 })).toMatchObject({ status: "granted", messages: [] });
    expect(await mine.texts()).toHaveLength(2);
  });

  it("that never were leave nothing behind when they are deleted", async () => {
    const session = new TestSession(harness.bus);
    await harness.bus.call(memorySessionsDelete, session);
    expect(await harness.redis.keys(`*${session.owner}*`)).toEqual([]);
  });

  it("refuse a cursor that is none", async () => {
    const session = new TestSession(harness.bus);
    await session.commit(session.result("t1", 1));
    const { owner, sessionId } = session;
    const cursor = Buffer.from("-inf").toString("base64url");
    for (const call of [
      harness.bus.call(memorySessionsList, { owner, limit: 10, cursor }),
      harness.bus.call(memorySessionsMessages, { owner, sessionId, limit: 10, cursor }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "invalid_request" });
    }
  });
});

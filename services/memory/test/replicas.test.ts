import { eventually } from "@ai-orchestra/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type MemoryHarness, startMemoryHarness, TestSession } from "./memory-harness.js";

describe("several memory instances", () => {
  let harness: MemoryHarness;

  beforeAll(async () => {
    harness = await startMemoryHarness();
  });
  afterEach(() => harness.stopInstances());
  afterAll(() => harness.stop());

  it("grant a lease once between them and apply each result once", async () => {
    await Promise.all([harness.startInstance(), harness.startInstance(), harness.startInstance()]);
    const sessions = Array.from({ length: 30 }, () => new TestSession(harness.bus));
    await Promise.all(
      sessions.map(async (session) => {
        const waiting = new Map([1, 2, 3].map((order) => [`t${order}`, order]));
        while (waiting.size > 0) {
          const asked = [...waiting];
          const replies = await Promise.all(asked.map(([turnId, order]) => session.begin(turnId, { order })));
          expect(replies.filter(({ status }) => status === "granted")).toHaveLength(1);
          const winner = asked[replies.findIndex(({ status }) => status === "granted")];
          if (winner === undefined) throw new Error("nobody won");
          const [turnId, order] = winner;
          const result = session.result(turnId, order);
          await Promise.all([harness.turnResults.put(session.subjectOf(turnId), result), session.commit(result)]);
          waiting.delete(turnId);
        }
        expect(await session.messages()).toHaveLength(6);
      }),
    );
  });

  it("take over from one that stops: no result and no call is lost", async () => {
    const first = await harness.startInstance();
    await harness.startInstance();
    const sessions = Array.from({ length: 100 }, () => new TestSession(harness.bus));
    const puts = sessions.map((session) => harness.turnResults.put(session.subjectOf("t1"), session.result("t1", 1)));
    const begins = sessions.map((session) => session.begin("t2", { order: 2, useMemory: false }));
    await first.stop();
    await Promise.all(puts);
    expect((await Promise.all(begins)).every(({ status }) => status === "granted")).toBe(true);
    for (const session of sessions) await eventually(async () => expect(await session.texts()).toHaveLength(2));
  });
});

import { memorySessionsGet, memorySessionsList } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MemoryHarness, type MemoryInstance, startMemoryHarness, TestSession } from "./memory-harness.js";

const FAIL_FAST_MS = 300;

describe("while Redis is away", () => {
  let harness: MemoryHarness;
  let instance: MemoryInstance;

  beforeEach(async () => {
    harness = await startMemoryHarness();
    instance = await harness.startInstance({ REDIS_COMMAND_TIMEOUT_MS: "250" });
  });
  afterEach(() => harness.stop());

  async function killRedis(): Promise<void> {
    harness.redisServer.kill("SIGKILL");
    await harness.redisServer.waitExit();
    await eventually(() => expect(instance.dependency()).toBe("down"));
  }

  it("every call fails fast and can be retried", async () => {
    const session = new TestSession(harness.bus);
    await killRedis();
    for (const call of [
      () => session.commit(session.result("t1", 1)),
      () => session.renew("t1", 1),
      () => harness.bus.call(memorySessionsGet, session),
      () => harness.bus.call(memorySessionsList, { owner: session.owner, limit: 1 }),
      () => session.messages(),
    ]) {
      const startedAt = performance.now();
      await expect(call()).rejects.toMatchObject({ code: "unavailable", retryable: true });
      expect(performance.now() - startedAt).toBeLessThan(FAIL_FAST_MS);
    }
  });

  it("begin says at once that there is no lease to be had", async () => {
    const session = new TestSession(harness.bus);
    await killRedis();
    await expect(session.begin("t1", { order: 1 })).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("results wait on the bus and are applied afterwards, once and in order", async () => {
    const sessions = Array.from({ length: 10 }, () => new TestSession(harness.bus));
    for (const session of sessions) await session.commit(session.result("t0", 1));
    await killRedis();
    for (const session of sessions) {
      for (const order of [4, 2, 3, 5]) {
        const result = session.result(`t${order}`, order);
        await harness.turnResults.put(session.subjectOf(result.turnId), result);
        await expect(session.commit(result)).rejects.toMatchObject({ code: "unavailable" });
      }
    }
    await harness.redisServer.restart();
    for (const session of sessions) {
      await eventually(async () => {
        const messages = await session.messages();
        expect(messages.filter(({ role }) => role === "user").map(({ turnId }) => turnId)).toEqual([
          "t0",
          "t2",
          "t3",
          "t4",
          "t5",
        ]);
      });
      expect(await harness.bus.call(memorySessionsGet, session)).toMatchObject({ turns: 5, messages: 10 });
    }
  });

  it("no turn begins afterwards before the results that waited are applied", async () => {
    const sessions = Array.from({ length: 300 }, () => new TestSession(harness.bus));
    await killRedis();
    for (const session of sessions) {
      await harness.turnResults.put(session.subjectOf("t1"), session.result("t1", 1));
    }
    await harness.redisServer.restart();
    let busy = 0;
    await Promise.all(
      sessions.map((session) =>
        eventually(async () => {
          const reply = await session.begin("t2", { order: 2 });
          if (reply.status === "busy") busy += 1;
          if (reply.status !== "granted") throw new Error(reply.status);
          expect(reply.messages.map(({ text }) => text)).toEqual(["question of t1", "answer of t1"]);
        }),
      ),
    );
    expect(busy).toBeGreaterThan(0);
    expect(await instance.readMetric("memory_catching_up")).toBe(0);
  });

  it("begins anew although new results never stop coming", async () => {
    const session = new TestSession(harness.bus);
    const stopFlow = new AbortController();
    const flow = (async () => {
      for (let order = 1; !stopFlow.signal.aborted; order += 1) {
        await harness.turnResults.put(session.subjectOf(`t${order}`), session.result(`t${order}`, order));
      }
    })();
    await killRedis();
    await harness.redisServer.restart();
    const other = new TestSession(harness.bus);
    await eventually(async () => expect(await other.begin("t1", { order: 1 })).toMatchObject({ status: "granted" }));
    stopFlow.abort();
    await flow;
  });

  it("a frozen Redis is treated like a dead one", async () => {
    const session = new TestSession(harness.bus);
    await session.commit(session.result("t1", 1));
    harness.redisServer.kill("SIGSTOP");
    try {
      const startedAt = performance.now();
      await expect(session.begin("t2", { order: 2 })).rejects.toMatchObject({ code: "unavailable" });
      expect(performance.now() - startedAt).toBeLessThan(FAIL_FAST_MS + 100);
      await harness.turnResults.put(session.subjectOf("t2"), session.result("t2", 2));
    } finally {
      harness.redisServer.kill("SIGCONT");
    }
    await eventually(async () => {
      const reply = await session.begin("t3", { order: 3 });
      if (reply.status !== "granted") throw new Error(reply.status);
      expect(reply.messages).toHaveLength(4);
    });
  });

  it("a memory service can start, and works once Redis is there", async () => {
    await harness.stopInstances();
    harness.redisServer.kill("SIGKILL");
    await harness.redisServer.waitExit();
    const starting = harness.startInstance();
    const session = new TestSession(harness.bus);
    await eventually(async () => {
      await expect(session.renew("t1", 1)).rejects.toMatchObject({ code: "unavailable", retryAfterMs: 1_000 });
    });
    await harness.redisServer.restart();
    await starting;
    await eventually(async () => expect(await session.begin("t1", { order: 1 })).toMatchObject({ status: "granted" }));
  });

  it("nothing that was committed is lost when it is killed", async () => {
    const session = new TestSession(harness.bus);
    await session.commit(session.result("t1", 1));
    await killRedis();
    await harness.redisServer.restart();
    await eventually(async () => expect(await session.texts()).toEqual(["question of t1", "answer of t1"]));
    expect(await session.commit(session.result("t1", 1))).toEqual({ status: "duplicate" });
  });
});

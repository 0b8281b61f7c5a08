import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@ai-orchestra/service-kit";
import { startRedisServer, type RedisServer } from "@ai-orchestra/stack";
import { createLogger, createMetrics } from "@ai-orchestra/telemetry";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createMemoryMetrics } from "../memory-metrics.js";
import { RedisConnection } from "./redis-connection.js";
import type { RedisScript } from "./redis-script.js";

const FAIL_FAST_MS = 300;

const echo: RedisScript = { name: "echoKey", keys: ["key"], lua: "return {KEYS[1], ARGV[1]}" };
const misuse: RedisScript = { name: "misuse", keys: ["key"], lua: "return redis.call('HGET', KEYS[1], ARGV[1])" };

describe("RedisConnection", () => {
  let dataDir: string;
  let server: RedisServer;
  const connections: RedisConnection[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "memory-redis-"));
    server = await startRedisServer({ dataDir });
  });
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.stop();
  });
  afterAll(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  function createConnection(url = server.url): RedisConnection {
    const connection = new RedisConnection({
      url,
      connectionName: "memory-1",
      commandTimeoutMs: 250,
      scripts: [echo, misuse],
      clock: systemClock,
      logger: createLogger({ service: "memory", instance: "memory-1", level: "silent" }),
      metrics: createMemoryMetrics(createMetrics({ service: "memory", instance: "memory-1" })),
    });
    connections.push(connection);
    return connection;
  }

  it("runs scripts, also after the server forgot them", async () => {
    const redis = createConnection();
    await redis.start();
    expect(await redis.run(echo, ["a"], [1])).toEqual(["a", "1"]);
    await redis.execute("flush", (client) => client.script("FLUSH"));
    expect(await redis.run(echo, ["b"], [2])).toEqual(["b", "2"]);
  });

  it("starts without a server and fails its calls at once", async () => {
    const redis = createConnection("redis://127.0.0.1:1");
    await redis.start();
    expect(redis.dependency()).toBe("down");
    await expectFailsFast(() => redis.run(echo, ["a"], [1]));
  });

  it("tells a command that Redis refuses from a Redis that is away, and keeps its arguments out of the error", async () => {
    const redis = createConnection();
    await redis.start();
    await redis.execute("set", (client) => client.set("text", "x"));
    const failure = await redis.run(misuse, ["text"], ["a user's words"]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "internal", retryable: false });
    expect(JSON.stringify((failure as Error).cause)).not.toContain("a user's words");
  });

  it("fails fast while the server is dead, then finds it and its data again within two seconds", async () => {
    const redis = createConnection();
    let failures = 0;
    redis.onFailure(() => {
      failures += 1;
    });
    await redis.start();
    await redis.execute("set", (client) => client.set("kept", "yes"));
    server.kill("SIGKILL");
    await server.waitExit();
    await eventually(() => expect(redis.isUp).toBe(false));
    expect(failures).toBeGreaterThan(0);
    for (let call = 0; call < 20; call += 1) await expectFailsFast(() => redis.run(echo, ["a"], [1]));

    await server.restart();
    await eventually(() => expect(redis.isUp).toBe(true), { timeoutMs: 2_000 });
    expect(await redis.execute("get", (client) => client.get("kept"))).toBe("yes");
    expect(await redis.run(echo, ["a"], [1])).toEqual(["a", "1"]);
  });

  it("sees within three seconds that the server is frozen although nobody calls", async () => {
    const redis = createConnection();
    await redis.start();
    server.kill("SIGSTOP");
    try {
      await eventually(() => expect(redis.dependency()).toBe("down"), { timeoutMs: 3_000 });
    } finally {
      server.kill("SIGCONT");
    }
    await eventually(() => expect(redis.dependency()).toBe("up"), { timeoutMs: 3_000 });
  });

  it("fails fast while the server is frozen, and recovers when it goes on", async () => {
    const redis = createConnection();
    await redis.start();
    server.kill("SIGSTOP");
    try {
      for (let call = 0; call < 8; call += 1) await expectFailsFast(() => redis.run(echo, ["a"], [1]));
    } finally {
      server.kill("SIGCONT");
    }
    await eventually(async () => expect(await redis.run(echo, ["a"], [1])).toEqual(["a", "1"]), { timeoutMs: 3_000 });
  });
});

async function expectFailsFast(call: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await expect(call()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  // The timer's own lateness on a busy machine is not the connection's.
  expect(performance.now() - startedAt).toBeLessThan(FAIL_FAST_MS + 100);
}

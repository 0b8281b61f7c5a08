import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startNatsServer, startRedisServer } from "@ai-orchestra/stack";
import { sendNatsRequest } from "../src/nats-request.js";
import { runRedisCommands } from "./redis-commands.js";

let dataDir = "";

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "stack-"));
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

test("keeps what was written to Redis across a SIGKILL and a restart on the same port", async () => {
  const redis = await startRedisServer({ dataDir });
  try {
    const { port, pid } = redis;
    expect(await runRedisCommands(port, ["SET colour blue"])).toEqual(["+OK"]);
    redis.kill("SIGKILL");
    await redis.waitExit();
    await redis.restart();
    expect(redis.port).toBe(port);
    expect(redis.pid).not.toBe(pid);
    expect(await runRedisCommands(port, ["GET colour"])).toEqual(["$4", "blue"]);
  } finally {
    await redis.stop();
  }
});

test("keeps what JetStream acknowledged across a SIGKILL and a restart on the same port", async () => {
  const nats = await startNatsServer({ dataDir });
  try {
    const { port, pid } = nats;
    const stream = { name: "WORDS", subjects: ["words"], storage: "file", retention: "limits", num_replicas: 1 };
    const created = await sendNatsRequest(port, "$JS.API.STREAM.CREATE.WORDS", stream);
    expect(created).not.toHaveProperty("error");
    expect(await sendNatsRequest(port, "words", { colour: "blue" })).toEqual({ stream: "WORDS", seq: 1 });
    nats.kill("SIGKILL");
    await nats.waitExit();
    await nats.restart();
    expect(nats.pid).not.toBe(pid);
    const stored = await sendNatsRequest(port, "$JS.API.STREAM.MSG.GET.WORDS", { seq: 1 });
    expect(stored).toMatchObject({ message: { data: Buffer.from('{"colour":"blue"}').toString("base64") } });
  } finally {
    await nats.stop();
  }
});

test("refuses a port that somebody else has, and names it", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const { port } = blocker.address() as { port: number };
  try {
    await expect(startNatsServer({ dataDir, port })).rejects.toMatchObject({
      code: "port_taken",
      message: expect.stringContaining(String(port)),
    });
  } finally {
    blocker.close();
  }
});

test("says what nats-server complained about when it does not start", async () => {
  await expect(startNatsServer({ dataDir, extraConfig: "no_such_setting: 1" })).rejects.toMatchObject({
    code: "start_failed",
    message: expect.stringContaining("no_such_setting"),
  });
});

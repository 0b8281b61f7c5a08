import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readStackFile, startStack, type Stack, type StackEvent, type StackOptions } from "@ai-orchestra/stack";
import { isProcessAlive } from "../src/running-process.js";
import { runRedisCommands } from "./redis-commands.js";
import { writeServices } from "./service-fixtures.js";
import { waitUntil } from "./wait-until.js";

let root = "";
let events: StackEvent[] = [];
let running: Stack[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "stack-"));
  events = [];
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((stack) => stack.stop()));
  await rm(root, { recursive: true, force: true });
});

async function start(o: StackOptions = {}): Promise<Stack> {
  const stack = await startStack({
    dataDir: join(root, "data"),
    servicesDir: o.servicesDir ?? (await writeServices(root, ["gateway", "memory"])),
    onEvent: (event) => events.push(event),
    ...o,
  });
  running.push(stack);
  return stack;
}

function pidsOf(stack: Stack): number[] {
  return [...stack.services.map((service) => service.pid), stack.nats.pid, stack.redis.pid];
}

async function isOk(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

test("starts every built service and writes where each of them is", async () => {
  const stack = await start({ replicas: { memory: 2 } });
  const gateway = stack.service("gateway");
  expect(await readStackFile(stack.dataDir)).toEqual({
    url: stack.url,
    services: [
      { name: "gateway", instance: "gateway-1", pid: gateway.pid, opsUrl: gateway.opsUrl, url: stack.url },
      {
        name: "memory",
        instance: "memory-1",
        pid: stack.service("memory").pid,
        opsUrl: stack.service("memory").opsUrl,
      },
      {
        name: "memory",
        instance: "memory-2",
        pid: stack.service("memory", 1).pid,
        opsUrl: stack.service("memory", 1).opsUrl,
      },
    ],
    nats: { url: stack.nats.url, pid: stack.nats.pid },
    redis: { url: stack.redis.url, pid: stack.redis.pid },
  });
  for (const service of stack.services) expect(await isOk(`${service.opsUrl}/readyz`)).toBe(true);
  expect(pidsOf(stack).every(isProcessAlive)).toBe(true);
});

test("gives every gateway a port of its own", async () => {
  const stack = await start({ replicas: { gateway: 2 } });
  const urls = stack.services.filter((service) => service.name === "gateway").map((service) => service.url);
  expect(new Set(urls).size).toBe(2);
  expect(urls[0]).toBe(stack.url);
});

describe("a process that dies", () => {
  test("is started again, more slowly each time, and stack.json follows", async () => {
    const stack = await start({ backoff: { initialDelayMs: 20 } });
    const memory = stack.service("memory");
    const killed: number[] = [];
    for (let round = 1; round <= 3; round += 1) {
      killed.push(memory.pid);
      memory.kill("SIGKILL");
      await memory.waitReady();
      expect(memory.restarts).toBe(round);
    }
    const delays = events.flatMap((event) => (event.type === "exited" ? [event.restartInMs] : []));
    expect(delays).toEqual([20, 40, 80]);
    expect(killed).not.toContain(memory.pid);
    await waitUntil("stack.json shows the new pid", async () => {
      const file = await readStackFile(stack.dataDir);
      return file?.services.find((service) => service.instance === "memory-1")?.pid === memory.pid;
    });
  });

  test("stays down when restarts are switched off", async () => {
    const stack = await start({ restartServices: false });
    const memory = stack.service("memory");
    memory.kill("SIGKILL");
    await expect(memory.waitReady()).rejects.toMatchObject({ code: "start_failed" });
    expect(isProcessAlive(memory.pid)).toBe(false);
  });

  test("keeps its data and its port when it is a server", async () => {
    const stack = await start({ backoff: { initialDelayMs: 20 } });
    const { port, pid } = stack.redis;
    await runRedisCommands(port, ["SET colour blue"]);
    stack.redis.kill("SIGKILL");
    await waitUntil("redis runs again", () => stack.redis.pid !== pid);
    await waitUntil("redis answers", async () => {
      const lines: string[] = await runRedisCommands(port, ["GET colour"]).catch(() => []);
      return lines.includes("blue");
    });
  });
});

test("keeps a server down that was stopped on purpose, until it is restarted", async () => {
  const stack = await start();
  const { pid, port } = stack.redis;
  await stack.redis.stop();
  expect(isProcessAlive(pid)).toBe(false);
  await stack.redis.restart();
  expect(await runRedisCommands(port, ["PING"])).toEqual(["+PONG"]);
});

test("stops everything within 5 s, tells each service once, and leaves no process and no stack.json", async () => {
  const stack = await start({
    serviceEnv: { memory: { FIXTURE_DRAIN_MS: "60000" }, gateway: { FIXTURE_DRAIN_MS: "500" } },
  });
  const pids = pidsOf(stack);
  const startedAt = performance.now();
  await Promise.all([stack.stop(), stack.stop()]);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(pids.filter(isProcessAlive)).toEqual([]);
  expect(await readStackFile(stack.dataDir)).toBeUndefined();
  const log = await readFile(stack.service("gateway").logFile, "utf8");
  expect(log.match(/received/g)).toHaveLength(1);
});

describe("refuses to start", () => {
  test("on a taken port, and names the cure", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const { port } = blocker.address() as { port: number };
    try {
      await expect(start({ port })).rejects.toMatchObject({
        code: "port_taken",
        message: `port ${port} is taken; free it, or choose another: npm start -- --port ${port + 1}`,
      });
    } finally {
      blocker.close();
    }
  });

  test("on a data directory that has a stack, and names its pid", async () => {
    await start();
    await expect(start()).rejects.toMatchObject({
      code: "data_dir_in_use",
      message: expect.stringContaining(`pid ${process.pid}`),
    });
  });

  test("with a NATS_URL at which nobody listens", async () => {
    await expect(start({ natsUrl: "nats://user:secret@127.0.0.1:1" })).rejects.toMatchObject({
      code: "server_unreachable",
      message: "nobody listens at nats://127.0.0.1:1; start a server there, or unset NATS_URL to have one started",
    });
  });

  test("replicas of a service that does not exist, and lists those that do", async () => {
    await expect(start({ replicas: { memmory: 2 } })).rejects.toMatchObject({
      code: "usage",
      message: "there is no service called memmory; there are gateway, memory",
    });
  });

  test("with a broken configuration, in the words of the service, leaving nothing running", async () => {
    const refused = start({ serviceEnv: { memory: { FIXTURE_MODE: "config-error" } } });
    await expect(refused).rejects.toMatchObject({
      code: "config_invalid",
      message: "memory-1: orchestra.config.yaml line 3: models must be a list; write `models: []`",
    });
    const pids = events.flatMap((event) => (event.type === "started" ? [event.pid] : []));
    expect(pids.filter(isProcessAlive)).toEqual([]);
  });

  test("when a service crashes again and again, with its last error", async () => {
    await expect(
      start({ serviceEnv: { memory: { FIXTURE_MODE: "crash" } }, backoff: { initialDelayMs: 5 } }),
    ).rejects.toMatchObject({ code: "start_failed", message: "memory-1 ended with code 1: it hurts here" });
    expect(events.filter((event) => event.type === "started" && event.process === "memory-1")).toHaveLength(3);
  });

  test("to go on when it is told to stop, leaving nothing running", async () => {
    const stopping = new AbortController();
    const onEvent = (event: StackEvent): void => {
      events.push(event);
      if (event.type === "started" && event.process === "memory-1") stopping.abort();
    };
    await expect(start({ signal: stopping.signal, onEvent })).rejects.toMatchObject({ code: "stopped" });
    const pids = events.flatMap((event) => (event.type === "started" ? [event.pid] : []));
    expect(pids.filter(isProcessAlive)).toEqual([]);
  });
});

test("uses servers it is given, and leaves them running", async () => {
  const owner = await start({ dataDir: join(root, "owner") });
  const guest = await start({ natsUrl: owner.nats.url, redisUrl: owner.redis.url });
  expect(await readStackFile(guest.dataDir)).toMatchObject({ nats: { url: owner.nats.url, pid: null } });
  await guest.stop();
  expect(isProcessAlive(owner.nats.pid)).toBe(true);
  expect(await runRedisCommands(owner.redis.port, ["PING"])).toEqual(["+PONG"]);
});

test("runs two stacks side by side", async () => {
  const servicesDir = await writeServices(root, ["gateway"]);
  const [one, two] = [
    await start({ servicesDir, dataDir: join(root, "one") }),
    await start({ servicesDir, dataDir: join(root, "two") }),
  ];
  expect(one.url).not.toBe(two.url);
  expect(one.nats.port).not.toBe(two.nats.port);
});

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectBus, type Bus } from "@ai-orchestra/bus";
import { defineCall, heartbeatSchema, subjects, type Heartbeat } from "@ai-orchestra/contracts";
import { startNatsServer, type NatsServer } from "@ai-orchestra/stack";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { eventually } from "./eventually.js";
import { askOps, FIXTURE_SERVICE, FixtureProcess } from "./fixture-process.js";

/** What `nats micro info memory` asks. */
const DIRECTORY_INFO = defineCall({
  subject: "$SRV.INFO.memory",
  request: z.object({}),
  response: z.looseObject({ metadata: z.record(z.string(), z.string()) }),
  timeoutMs: 5000,
});

describe("a service process", () => {
  let dataDir: string;
  let nats: NatsServer;
  let bus: Bus;
  const running = new Set<FixtureProcess>();

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "service-kit-"));
    nats = await startNatsServer({ dataDir });
    bus = await connectBus({ servers: [nats.url], name: "test" });
  });

  afterEach(async () => {
    await Promise.all([...running].map((service) => service.dispose()));
    running.clear();
  });

  afterAll(async () => {
    await bus.drain();
    await nats.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = (env: Record<string, string> = {}): FixtureProcess => {
    const service = new FixtureProcess({ NATS_URL: nats.url, ...env });
    running.add(service);
    return service;
  };

  const readiness = async (opsUrl: string, wanted: number): Promise<Record<string, unknown>> => {
    return eventually(async () => {
      const { status, body } = await askOps(opsUrl, "/readyz");
      expect(status).toBe(wanted);
      return body;
    });
  };

  const collectBeats = (): { beats: Heartbeat[]; stop: () => void } => {
    const beats: Heartbeat[] = [];
    const subscription = bus.subscribe(subjects.heartbeat("memory", "memory-1"), (message) => {
      beats.push(heartbeatSchema.parse(message.json()));
    });
    return { beats, stop: () => subscription.unsubscribe() };
  };

  it("starts its components in order, says so in one line and is ready", async () => {
    const service = start();
    const opsUrl = await service.waitReady();
    expect(service.componentsThat("component starts")).toEqual(["a", "b", "c"]);
    expect(await askOps(opsUrl, "/livez")).toEqual({ status: 200, body: { status: "alive" } });
    expect(await askOps(opsUrl, "/readyz")).toEqual({
      status: 200,
      body: {
        status: "ready",
        state: "ready",
        components: { a: "started", b: "started", c: "started" },
        dependencies: { nats: { status: "up", required: true }, c: { status: "up", required: false } },
      },
    });
  });

  it("serves the metrics of the process, its components and its dependencies", async () => {
    const opsUrl = await start().waitReady();
    const text = await (await fetch(`${opsUrl}/metrics`)).text();
    const identity = 'service="memory",instance="memory-1"';
    expect(text).toContain(`orchestra_fixture_starts_total{component="a",${identity}} 1`);
    expect(text).toContain(`orchestra_dependency_up{dependency="nats",${identity}} 1`);
    expect(text).toContain(`orchestra_ready{${identity}} 1`);
    expect(text).toContain(`orchestra_nodejs_eventloop_lag_seconds{${identity}}`);
  });

  it("beats every second and appears in the NATS service directory with what it serves", async () => {
    const { beats, stop } = collectBeats();
    await bus.flush();
    const service = start();
    const opsUrl = await service.waitReady();
    await eventually(() => expect(beats.filter(({ state }) => state === "ready").length).toBeGreaterThanOrEqual(2));
    stop();
    expect(beats[0]).toMatchObject({ state: "starting" });
    expect(beats.at(-1)).toMatchObject({
      service: "memory",
      instance: "memory-1",
      version: "1.2.3",
      pid: service.child.pid,
      opsUrl,
      dependencies: { nats: "up", c: "up" },
    });
    const listed = await bus.call(DIRECTORY_INFO, {});
    expect(listed).toMatchObject({ version: "1.2.3", metadata: { instance: "memory-1", opsUrl } });
    expect(listed.metadata["endpoints"]).toBe("memory.turn.begin,memory.turn.commit");
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "on %s stops everything in reverse order and exits with 0",
    async (signal) => {
      const { beats, stop } = collectBeats();
      await bus.flush();
      const service = start();
      await service.waitReady();
      service.kill(signal);
      expect(await service.waitExit()).toBe(0);
      expect(service.componentsThat("component stops")).toEqual(["c", "b", "a"]);
      expect(service.logs.at(-1)?.msg).toBe("stopped");
      await eventually(() => expect(beats.at(-1)?.state).toBe("draining"));
      stop();
    },
  );

  it("is unready but alive while it drains", async () => {
    const service = start({ FIXTURE_STOP_B: "hang", DRAIN_TIMEOUT_MS: "2000" });
    const opsUrl = await service.waitReady();
    service.kill("SIGTERM");
    expect(await readiness(opsUrl, 503)).toMatchObject({ state: "draining" });
    expect(await askOps(opsUrl, "/livez")).toMatchObject({ status: 200 });
    expect(await service.waitExit()).toBe(0);
  });

  it("leaves a component that hangs behind, stops the others and keeps its deadline", async () => {
    const service = start({ FIXTURE_STOP_B: "hang", DRAIN_TIMEOUT_MS: "1500" });
    await service.waitReady();
    const startedMs = performance.now();
    service.kill("SIGTERM");
    expect(await service.waitExit()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(service.componentsThat("component stops")).toEqual(["c", "b", "a"]);
    expect(service.logs.find(({ level }) => level === "error")).toMatchObject({ component: "b" });
  });

  it("goes on after a component that throws while it stops", async () => {
    const service = start({ FIXTURE_STOP_B: "throw" });
    await service.waitReady();
    service.kill("SIGTERM");
    expect(await service.waitExit()).toBe(0);
    expect(service.componentsThat("component stops")).toEqual(["c", "b", "a"]);
    expect(service.logs.find(({ level }) => level === "error")).toMatchObject({
      component: "b",
      err: { message: "stop of b was told to fail" },
    });
  });

  it.each([
    ["SIGTERM", "SIGTERM"],
    ["SIGTERM", "SIGINT"],
  ] as const)("on %s followed by %s exits with 1 at once", async (first, second) => {
    const service = start({ FIXTURE_STOP_B: "hang", DRAIN_TIMEOUT_MS: "30000" });
    await service.waitReady();
    service.kill(first);
    await eventually(() => expect(service.componentsThat("component stops")).toContain("b"));
    const startedMs = performance.now();
    service.kill(second);
    expect(await service.waitExit()).toBe(1);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  it.each([
    ["throw", "nobody caught this", "uncaughtException"],
    ["reject", "nobody awaited this", "unhandledRejection"],
  ])("on an error nobody caught (%s) logs it and exits with 1 without going on", async (command, message, origin) => {
    const service = start();
    await service.waitReady();
    service.child.send(command);
    expect(await service.waitExit()).toBe(1);
    expect(service.logs.at(-1)).toMatchObject({ level: "fatal", origin, err: { message } });
    expect(service.componentsThat("component stops")).toEqual([]);
  });

  it("names the component that cannot start, stops what it had started and exits with 1", async () => {
    const service = start({ FIXTURE_START_B: "throw" });
    expect(await service.waitExit()).toBe(1);
    expect(service.componentsThat("component stops")).toEqual(["b", "a"]);
    expect(service.logs.find(({ level }) => level === "fatal")).toMatchObject({
      msg: 'the service failed: component "b" failed to start',
      err: { cause: { message: "start of b was told to fail" } },
    });
  });

  it.each([
    ["FIXTURE_START_B", 'component "b" did not start in time'],
    ["FIXTURE_COMPOSE", "the service was not composed within 1000 ms"],
  ])("gives up when %s hangs", async (variable, message) => {
    const service = start({ [variable]: "hang", START_TIMEOUT_MS: "1000" });
    expect(await service.waitExit()).toBe(1);
    expect(service.logs.find(({ level }) => level === "fatal")?.msg).toContain(message);
  });

  it("exits with 78 and one line per wrong variable before it does anything", async () => {
    const service = start({ OPS_PORT: "eighty", LOG_LEVEL: "loud", NATS_TOKEN: "very-secret" });
    expect(await service.waitExit()).toBe(78);
    expect(service.stderr.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^memory: OPS_PORT="eighty" is wrong: .* Correct it, or unset it for the default\./),
      expect.stringMatching(/^memory: LOG_LEVEL="loud" is wrong: /),
    ]);
    expect(service.logs).toEqual([]);
  });

  it("says what to do about a taken ops port", async () => {
    const occupant = createServer();
    await new Promise<void>((resolve) => occupant.listen(0, "127.0.0.1", resolve));
    const { port } = occupant.address() as AddressInfo;
    const service = start({ OPS_PORT: String(port) });
    expect(await service.waitExit()).toBe(1);
    occupant.close();
    expect(service.logs.find(({ level }) => level === "fatal")?.msg).toBe(
      `the ops port 127.0.0.1:${port} is taken: set OPS_PORT to another one, or to 0 for any free one`,
    );
  });

  it("is ready without an optional dependency, degraded in its heartbeat", async () => {
    const { beats, stop } = collectBeats();
    await bus.flush();
    const service = start();
    const opsUrl = await service.waitReady();
    service.child.send("down");
    await eventually(() => expect(beats.at(-1)).toMatchObject({ state: "degraded", dependencies: { c: "down" } }));
    stop();
    expect(await askOps(opsUrl, "/readyz")).toMatchObject({ status: 200 });
  });

  it("is unready while a required dependency is down", async () => {
    const service = start({ FIXTURE_REQUIRED: "true" });
    const opsUrl = await service.waitReady();
    service.child.send("down");
    expect(await readiness(opsUrl, 503)).toMatchObject({ state: "ready", dependencies: { c: { status: "down" } } });
    service.child.send("up");
    await readiness(opsUrl, 200);
  });

  it("ends by itself when its parent was killed", async () => {
    const parentScript = fileURLToPath(new URL("fixtures/parent.mjs", import.meta.url));
    const parent = spawn(process.execPath, [parentScript, FIXTURE_SERVICE], {
      env: { PATH: process.env["PATH"], NATS_URL: nats.url, OPS_PORT: "0", INSTANCE_ID: "memory-1" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { beats, stop } = collectBeats();
    const servicePid = await new Promise<number>((resolve) => {
      parent.stdout.once("data", (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    await eventually(() => expect(beats.at(-1)).toMatchObject({ pid: servicePid, state: "ready" }));
    parent.kill("SIGKILL");
    await eventually(() => expect(() => process.kill(servicePid, 0)).toThrow("ESRCH"));
    expect(beats.at(-1)?.state).toBe("draining");
    stop();
  });

  it("drains when the process it was told to follow is gone, parent or not", async () => {
    const followed = spawn(process.execPath, ["-e", "setInterval(() => undefined, 60_000)"], { stdio: "ignore" });
    const service = start({ STACK_PARENT_PID: String(followed.pid) });
    await service.waitReady();
    followed.kill("SIGKILL");
    expect(await service.waitExit()).toBe(0);
    expect(service.componentsThat("component stops")).toEqual(["c", "b", "a"]);
  });

  it("writes for people when asked to", async () => {
    const service = start({ LOG_FORMAT: "pretty" });
    await eventually(() => expect(service.stdout).toMatch(/INFO.*ready/));
    expect(service.stdout).not.toContain('"level"');
  });
});

describe("a service process whose NATS comes and goes", () => {
  let dataDir: string;
  let nats: NatsServer;
  let service: FixtureProcess;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "service-kit-"));
    nats = await startNatsServer({ dataDir });
  });

  afterEach(() => service.dispose());

  afterAll(async () => {
    await nats.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it("waits for it without being ready, says for whom, and can be stopped meanwhile", async () => {
    const unusedPort = await findUnusedPort();
    const opsPort = await findUnusedPort();
    service = new FixtureProcess({ NATS_URL: `nats://127.0.0.1:${unusedPort}`, OPS_PORT: String(opsPort) });
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const waiting = await service.waitForLog("waiting for NATS");
    expect(waiting).toMatchObject({ level: "warn", natsUrl: [`nats://127.0.0.1:${unusedPort}`] });
    expect(await askOps(opsUrl, "/livez")).toMatchObject({ status: 200 });
    expect(await askOps(opsUrl, "/readyz")).toMatchObject({
      status: 503,
      body: { state: "starting", dependencies: { nats: { status: "down", required: true } } },
    });
    const late = await startNatsServer({ dataDir: join(dataDir, "late"), port: unusedPort });
    expect(await service.waitReady()).toBe(opsUrl);
    service.kill("SIGTERM");
    expect(await service.waitExit()).toBe(0);
    await late.stop();
  });

  it("exits with 0 when it is told to while it still waits", async () => {
    service = new FixtureProcess({ NATS_URL: `nats://127.0.0.1:${await findUnusedPort()}` });
    await service.waitForLog("waiting for NATS");
    service.kill("SIGTERM");
    expect(await service.waitExit()).toBe(0);
  });

  it("is unready while the bus is away, and ready again when it is back", async () => {
    service = new FixtureProcess({ NATS_URL: nats.url });
    const opsUrl = await service.waitReady();
    await nats.stop();
    await eventually(async () => expect(await askOps(opsUrl, "/readyz")).toMatchObject({ status: 503 }));
    expect(await askOps(opsUrl, "/livez")).toMatchObject({ status: 200 });
    nats = await startNatsServer({ dataDir, port: nats.port });
    await eventually(async () => expect(await askOps(opsUrl, "/readyz")).toMatchObject({ status: 200 }));
  });

  it("drains within its deadline while the bus is away", async () => {
    service = new FixtureProcess({ NATS_URL: nats.url, DRAIN_TIMEOUT_MS: "1500" });
    const opsUrl = await service.waitReady();
    await nats.stop();
    await eventually(async () => expect(await askOps(opsUrl, "/readyz")).toMatchObject({ status: 503 }));
    const startedMs = performance.now();
    service.kill("SIGTERM");
    expect(await service.waitExit()).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    nats = await startNatsServer({ dataDir, port: nats.port });
  });
});

async function findUnusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readStackFile } from "@ai-orchestra/stack";
import { isProcessAlive } from "../src/running-process.js";
import { WORKSPACE_ROOT } from "../src/workspace-root.js";
import { writeServices } from "./service-fixtures.js";
import { waitUntil } from "./wait-until.js";

const run = promisify(execFile);
const LAUNCH = join(WORKSPACE_ROOT, "packages", "stack", "test", "fixtures", "launch.mjs");

let root = "";
let launchers: ChildProcessWithoutNullStreams[] = [];

/** The launcher is a process of its own, so it runs the built package. */
beforeAll(async () => {
  const tsc = join(WORKSPACE_ROOT, "node_modules", ".bin", "tsc");
  await run(tsc, ["-p", join(WORKSPACE_ROOT, "packages", "stack")]);
});

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "launcher-"));
  launchers = [];
});

afterEach(async () => {
  for (const launcher of launchers) launcher.kill("SIGKILL");
  await waitUntil("no process is left", async () => (await listProcesses(root)).length === 0, 15_000);
  await rm(root, { recursive: true, force: true });
});

interface Launched {
  process: ChildProcessWithoutNullStreams;
  exitCode: Promise<number | null>;
  output: () => string;
}

async function launch(env: Record<string, string> = {}): Promise<Launched> {
  const servicesDir = await writeServices(root, ["gateway", "memory"]);
  const launcher = spawn(process.execPath, [LAUNCH, servicesDir, join(root, "data")], {
    env: { ...process.env, npm_lifecycle_event: undefined, ...env },
  });
  launchers.push(launcher);
  let output = "";
  for (const stream of [launcher.stdout, launcher.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const exitCode = new Promise<number | null>((resolve) => launcher.once("exit", resolve));
  return { process: launcher, exitCode, output: () => output };
}

async function launchReady(env: Record<string, string> = {}): Promise<Launched> {
  const launched = await launch(env);
  await waitUntil("ready", () => launched.output().includes("AI Orchestra is ready at"), 20_000);
  return launched;
}

async function readPids(): Promise<number[]> {
  const stack = await readStackFile(join(root, "data"));
  if (stack === undefined) throw new Error("there is no stack.json");
  return [...stack.services.map((service) => service.pid), stack.nats.pid ?? 0, stack.redis.pid ?? 0];
}

/** Every process whose command line names the folder of this test. */
async function listProcesses(folder: string): Promise<string[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,args="]);
  return stdout.split("\n").filter((line) => line.includes(folder));
}

test("prints where every service is, and last where clients connect", async () => {
  const launched = await launchReady();
  const stack = await readStackFile(join(root, "data"));
  const [gateway, memory] = stack?.services ?? [];
  const rowOf = (service: typeof gateway): RegExp =>
    new RegExp(`^${service?.instance} +${service?.pid} +${new URL(service?.opsUrl ?? "").port}$`, "m");
  expect(launched.output()).toMatch(/^service +pid +ops port$/m);
  expect(launched.output()).toMatch(rowOf(gateway));
  expect(launched.output()).toMatch(rowOf(memory));
  expect(launched.output().trimEnd().split("\n").at(-1)).toBe(`AI Orchestra is ready at ${stack?.url}`);
});

test("says in one line that a service died and that it runs again", async () => {
  const launched = await launchReady();
  const [, memoryPid = 0] = await readPids();
  process.kill(memoryPid, "SIGKILL");
  await waitUntil("it says so", () => launched.output().includes("memory-1 is ready again"));
  expect(launched.output()).toContain(`memory-1 (pid ${memoryPid}) ended with SIGKILL; starting it again in 20 ms`);
});

test("says in one line what is wrong with the configuration", async () => {
  const launched = await launch({ FIXTURE_MODE: "config-error" });
  expect(await launched.exitCode).toBe(1);
  expect(launched.output()).toMatch(
    /^AI Orchestra cannot start: (gateway|memory)-1: orchestra.config.yaml line 3: models must be a list; write `models: \[\]`\n$/,
  );
});

describe("Ctrl-C", () => {
  test("drains everything within 5 s, even when it arrives twice at once", async () => {
    const launched = await launchReady({ FIXTURE_DRAIN_MS: "300" });
    const pids = await readPids();
    const startedAt = performance.now();
    launched.process.kill("SIGINT");
    launched.process.kill("SIGINT");
    expect(await launched.exitCode).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(pids.filter(isProcessAlive)).toEqual([]);
  });

  test("a second time, later, ends it at once", async () => {
    const launched = await launchReady({ FIXTURE_DRAIN_MS: "60000" });
    const pids = await readPids();
    launched.process.kill("SIGINT");
    await waitUntil("it stops", () => launched.output().includes("Stopping"));
    const repeat = setInterval(() => launched.process.kill("SIGINT"), 200);
    expect(await launched.exitCode).toBe(1);
    clearInterval(repeat);
    await waitUntil("no process is left", () => !pids.some(isProcessAlive), 15_000);
  });
});

describe("a SIGKILL of the launcher", () => {
  test("leaves no process behind", async () => {
    const launched = await launchReady();
    const pids = await readPids();
    launched.process.kill("SIGKILL");
    await launched.exitCode;
    await waitUntil("no process is left", () => !pids.some(isProcessAlive), 15_000);
  });

  test("leaves no process behind, not even a service that will not go", async () => {
    const launched = await launchReady({ FIXTURE_MODE: "stubborn", FIXTURE_DRAIN_MS: "60000" });
    const pids = await readPids();
    launched.process.kill("SIGKILL");
    await launched.exitCode;
    await waitUntil("no process is left", () => !pids.some(isProcessAlive), 15_000);
  });

  test("and of its watchdog: the next start ends the servers they left and keeps their data", async () => {
    const first = await launchReady();
    const dataDir = join(root, "data");
    const { watchdogPid } = JSON.parse(await readFile(join(dataDir, "stack.lock"), "utf8")) as { watchdogPid: number };
    const left = await readStackFile(dataDir);
    process.kill(watchdogPid, "SIGKILL");
    first.process.kill("SIGKILL");
    await first.exitCode;
    expect(isProcessAlive(left?.nats.pid ?? 0)).toBe(true);
    const second = await launchReady();
    expect(isProcessAlive(left?.nats.pid ?? 0)).toBe(false);
    expect(isProcessAlive(left?.redis.pid ?? 0)).toBe(false);
    second.process.kill("SIGTERM");
    expect(await second.exitCode).toBe(0);
  });

  test("does not keep the next start on the same data waiting for long", async () => {
    const first = await launchReady();
    first.process.kill("SIGKILL");
    await first.exitCode;
    const second = await launchReady();
    expect(await readPids()).toHaveLength(4);
    second.process.kill("SIGTERM");
    expect(await second.exitCode).toBe(0);
  });
});

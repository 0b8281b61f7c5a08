import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectBus, type Bus } from "@ai-orchestra/bus";
import {
  healthDegradationPin,
  healthDegradationUnpin,
  healthOverviewGet,
  type HealthOverview,
} from "@ai-orchestra/contracts";
import { type Stack, startStack } from "@ai-orchestra/stack";
import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";

let dataDir: string;
let stack: Stack;
let bus: Bus;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "orchestra-health-"));
  const none = { gateway: 0, orchestrator: 0, memory: 0, flags: 0 };
  stack = await startStack({
    dataDir,
    replicas: { ...none, health: 2 },
    env: { HEALTH_EXPECTED_SERVICES: "memory", HEALTH_START_GRACE_MS: "600000" },
    restartServices: false,
  });
  bus = await connectBus({ servers: [stack.nats.url], name: "test" });
});

afterAll(async () => {
  await bus.drain();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function untilLed(isRight: (leader: string) => boolean = () => true): Promise<HealthOverview> {
  return eventually(
    async () => {
      const overview = await bus.call(healthOverviewGet, {});
      if (overview.leader === undefined || !isRight(overview.leader)) throw new Error("nobody leads yet");
      return overview;
    },
    { timeoutMs: 15_000 },
  );
}

it("has one leader that all replicas name, and a view of who is there", async () => {
  const { leader } = await untilLed();
  await eventually(async () => {
    const overview = await bus.call(healthOverviewGet, {});
    expect(overview.leader).toBe(leader);
    const health = overview.instances.filter(({ service }) => service === "health");
    const statusByInstance = new Map(health.map(({ instance, status }) => [instance, status]));
    expect(statusByInstance).toEqual(
      new Map([
        ["health-1", "ready"],
        ["health-2", "ready"],
      ]),
    );
    expect(health.every(({ endpoints }) => endpoints.includes(healthOverviewGet.subject))).toBe(true);
  });
});

it("puts a pin in force whichever replica takes it, and takes two operators one after the other", async () => {
  for (let round = 0; round < 6; round += 1) {
    const level = round % 2 === 0 ? ("limited" as const) : ("essential" as const);
    const startedAt = Date.now();
    expect(await bus.call(healthDegradationPin, { level, reason: "test", by: "ops" })).toMatchObject({ level });
    expect(Date.now() - startedAt).toBeLessThan(1_000);
  }
  expect(await bus.call(healthDegradationUnpin, {})).toMatchObject({ level: "normal" });
  expect(await bus.call(healthDegradationUnpin, {})).toMatchObject({ level: "normal" });
});

it("refuses a level that does not exist and a pin without a reason", async () => {
  const pin = (request: object) => bus.call(healthDegradationPin, request as never);
  await expect(pin({ level: "panic", reason: "x", by: "ops" })).rejects.toMatchObject({ code: "invalid_request" });
  await expect(pin({ level: "limited", reason: " ", by: "ops" })).rejects.toMatchObject({ code: "invalid_request" });
});

it("keeps a pinned level when its leader is killed; another one leads within 6 s", { timeout: 40_000 }, async () => {
  const { leader } = await untilLed();
  await bus.call(healthDegradationPin, { level: "emergency", reason: "test", by: "ops" });
  const victim = stack.services.find(({ instance }) => instance === leader)!;
  const killedAt = Date.now();
  victim.kill("SIGKILL");
  await victim.waitExit();
  const { state } = await untilLed((name) => name !== leader);
  expect(Date.now() - killedAt).toBeLessThan(6_000);
  expect(state).toMatchObject({ level: "emergency", pinned: { by: "ops" } });
  expect(await bus.call(healthDegradationUnpin, {})).toMatchObject({ level: "normal" });
  await victim.start();
});

it("hands the lease over at once when its leader drains", { timeout: 40_000 }, async () => {
  const { leader } = await untilLed();
  const leaving = stack.services.find(({ instance }) => instance === leader)!;
  await leaving.stop();
  const stoppedAt = Date.now();
  await untilLed((name) => name !== leader);
  expect(Date.now() - stoppedAt).toBeLessThan(2_500);
});

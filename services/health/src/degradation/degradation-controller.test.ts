import type { DegradationPin, SystemState } from "@ai-orchestra/contracts";
import { DEFAULT_DEGRADATION_TIMING } from "@ai-orchestra/resilience";
import { createManualClock, type ManualClock } from "@ai-orchestra/service-kit";
import { createLogger, createMetrics } from "@ai-orchestra/telemetry";
import { beforeEach, expect, it } from "vitest";
import { createHealthMetrics } from "../health-metrics.js";
import { DegradationController } from "./degradation-controller.js";

/** The bucket, and who leads, as the controller sees them. */
class Surroundings {
  score = 1;
  isLeader = true;
  pin: DegradationPin | undefined;
  state: SystemState | undefined;
  readonly written: SystemState[] = [];
  readonly #listeners = new Set<() => void>();

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): void {}

  tick(): Promise<void> {
    return Promise.resolve();
  }

  pinAt(now: number): DegradationPin | undefined {
    return this.pin?.until !== undefined && this.pin.until <= now ? undefined : this.pin;
  }

  write(state: SystemState): Promise<void> {
    this.state = state;
    this.written.push(state);
    return Promise.resolve();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changePin(pin: DegradationPin | undefined): void {
    this.pin = pin;
    for (const listener of this.#listeners) listener();
  }

  get levels(): string[] {
    return this.written.map(({ level }) => level).filter((level, index, all) => level !== all[index - 1]);
  }
}

let clock: ManualClock;
let around: Surroundings;
let controller: DegradationController;

beforeEach(async () => {
  clock = createManualClock();
  around = new Surroundings();
  controller = createController(around);
  await controller.start();
});

function createController(surroundings: Surroundings): DegradationController {
  return new DegradationController({
    healthBoard: { score: () => ({ score: surroundings.score, reasons: [] }) },
    leadership: {
      start: () => surroundings.start(),
      stop: () => Promise.resolve(),
      tick: () => surroundings.tick(),
      get isLeader() {
        return surroundings.isLeader;
      },
    },
    record: surroundings,
    clock,
    logger: createLogger({ service: "health", instance: "test", level: "silent" }),
    metrics: createHealthMetrics(createMetrics({ service: "health", instance: "test" })),
    timing: DEFAULT_DEGRADATION_TIMING,
  });
}

function pinAt(level: DegradationPin["level"], more: Partial<DegradationPin> = {}): DegradationPin {
  return { level, reason: "test", by: "ops", at: clock.now(), ...more };
}

it("changes the level at most twice while a component fails every other second for two minutes", async () => {
  for (let second = 0; second < 120; second += 1) {
    around.score = second % 2 === 0 ? 0.5 : 1;
    await clock.advanceAsync(1_000);
  }
  expect(around.levels.slice(1).length).toBeLessThanOrEqual(2);
  expect(around.levels).toEqual(["normal", "essential"]);
});

it("follows a fault within 3 s and its end within 30 s, saying what is off and since when", async () => {
  around.score = 0.45;
  await clock.advanceAsync(3_000);
  expect(around.state).toMatchObject({ level: "essential", score: 0.45 });
  expect(around.state?.off).toContain("swarm_intelligence");
  const since = around.state?.since;
  around.score = 0.5;
  await clock.advanceAsync(1_000);
  expect(around.state).toMatchObject({ score: 0.5, since });
  around.score = 1;
  await clock.advanceAsync(30_000);
  expect(around.state).toMatchObject({ level: "normal", off: [] });
});

it("writes nothing while nothing changes", async () => {
  await clock.advanceAsync(60_000);
  expect(around.written).toHaveLength(1);
});

it("holds a pinned level at once, until it is taken back or its time is over", async () => {
  around.changePin(pinAt("emergency"));
  await clock.advanceAsync(0);
  expect(around.state).toMatchObject({ level: "emergency", automaticLevel: "normal", pinned: { by: "ops" } });
  around.changePin(undefined);
  await clock.advanceAsync(0);
  expect(around.state?.level).toBe("normal");
  expect(around.state?.pinned).toBeUndefined();
  around.changePin(pinAt("maintenance", { until: clock.now() + 5_000 }));
  await clock.advanceAsync(4_000);
  expect(around.state?.level).toBe("maintenance");
  await clock.advanceAsync(1_500);
  expect(around.state?.level).toBe("normal");
});

it("is silent where another instance leads, and goes on from the level in force when it takes over", async () => {
  const standby = new Surroundings();
  standby.isLeader = false;
  const follower = createController(standby);
  await follower.start();
  await clock.advanceAsync(5_000);
  expect(standby.written).toEqual([]);
  standby.state = { level: "essential", automaticLevel: "essential", since: 1, score: 0.5, off: [], reasons: [] };
  standby.isLeader = true;
  await clock.advanceAsync(1_000);
  expect(standby.state).toMatchObject({ level: "essential", automaticLevel: "essential", since: 1 });
  await clock.advanceAsync(20_000);
  expect(standby.state.level).toBe("normal");
});

import type { BusMessage, KvChange, KvWatchHandler } from "@ai-orchestra/bus";
import type { SystemState } from "@ai-orchestra/contracts";
import { beforeEach, expect, it } from "vitest";
import { createManualClock, type ManualClock } from "../manual-clock.js";
import { LevelWatch } from "./level-watch.js";

const ESSENTIAL: SystemState = {
  level: "essential",
  automaticLevel: "essential",
  since: 1,
  score: 0.5,
  off: ["swarm_intelligence"],
  reasons: ["memory"],
};

let clock: ManualClock;
let watch: LevelWatch;
let beat: () => void;
let tell: (state: SystemState) => void;

beforeEach(async () => {
  clock = createManualClock();
  watch = new LevelWatch({
    bus: {
      subscribe: (_subject, handler: (message: BusMessage) => void) => {
        beat = () => handler({} as BusMessage);
        return { unsubscribe: () => undefined };
      },
    },
    states: {
      watch: ((handler: KvWatchHandler<SystemState>) => {
        tell = (value) => handler({ operation: "put", key: "state", value, revision: 1 } as KvChange<SystemState>);
        return { ready: Promise.resolve(), stop: () => undefined };
      }) as never,
    },
    clock,
  });
  await watch.start();
});

it("is normal until it is told otherwise, and obeys at once", () => {
  expect(watch.level).toBe("normal");
  const heard: string[] = [];
  watch.onChange(({ level }) => heard.push(level));
  tell(ESSENTIAL);
  expect(watch.level).toBe("essential");
  expect([watch.isOff("swarm_intelligence"), watch.isOff("memory_integration")]).toEqual([true, false]);
  expect(heard).toEqual(["essential"]);
});

it("keeps the level for 15 s after health was last heard of, then goes back to normal", () => {
  tell(ESSENTIAL);
  for (let second = 0; second < 60; second += 1) {
    clock.advance(1_000);
    beat();
  }
  expect(watch.level).toBe("essential");
  clock.advance(14_900);
  expect(watch.level).toBe("essential");
  clock.advance(100);
  expect(watch.level).toBe("normal");
  expect(watch.isOff("swarm_intelligence")).toBe(false);
});

it("obeys again as soon as health is back", () => {
  tell(ESSENTIAL);
  clock.advance(60_000);
  expect(watch.level).toBe("normal");
  beat();
  expect(watch.level).toBe("essential");
});

it("leaves no timer behind", () => {
  watch.stop();
  expect(clock.pendingTimers).toBe(0);
});

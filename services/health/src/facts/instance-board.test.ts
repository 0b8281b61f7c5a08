import type { Heartbeat } from "@ai-orchestra/contracts";
import { createManualClock } from "@ai-orchestra/service-kit";
import { beforeEach, expect, it } from "vitest";
import { InstanceBoard } from "./instance-board.js";

let clock: ReturnType<typeof createManualClock>;
let board: InstanceBoard;

beforeEach(() => {
  clock = createManualClock();
  board = new InstanceBoard({ clock, self: "health-1", lostAfterMs: 3_500 });
});

function beat(service: string, state: Heartbeat["state"] = "ready"): void {
  const instance = `${service}-1`;
  board.note({ service, instance, version: "1.0.0", pid: 1, startedAt: 0, opsUrl: "", state, dependencies: {} });
}

/** Time goes by with a heartbeat of each of these every second. */
function live(seconds: number, ...services: string[]): void {
  for (let second = 0; second < seconds; second += 1) {
    clock.advance(1_000);
    for (const service of services) beat(service);
  }
}

const stateOf = (service: string) => board.list().find(({ beat: { service: name } }) => name === service)?.state;

it("loses an instance that falls silent and forgets it later, but not that there was one", () => {
  beat("memory");
  live(3, "health");
  expect(stateOf("memory")).toBe("ready");
  live(1, "health");
  expect(stateOf("memory")).toBe("lost");
  live(20, "health");
  expect(stateOf("memory")).toBeUndefined();
  expect(board.wasSeen("memory")).toBe(true);
});

it("does not miss an instance that said goodbye", () => {
  beat("memory", "draining");
  expect(stateOf("memory")).toBe("draining");
  live(4, "health");
  expect(stateOf("memory")).toBeUndefined();
});

it("loses nobody while it does not even hear itself, and forgives the moment after", () => {
  live(2, "health", "memory", "gateway");
  clock.advance(60_000);
  expect(stateOf("memory")).toBe("ready");
  live(1, "memory", "gateway", "health");
  expect([stateOf("memory"), stateOf("gateway")]).toEqual(["ready", "ready"]);
});

it("keeps a bounded number of instances", () => {
  for (let index = 0; index < 1_200; index += 1) beat(`service-${index}`);
  expect(board.list()).toHaveLength(1_000);
});

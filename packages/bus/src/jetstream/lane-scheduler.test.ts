import { describe, expect, test } from "vitest";
import { LaneScheduler, type LaneDemand } from "./lane-scheduler.js";

function createLane(weight: number, lane: Partial<LaneDemand> = {}): LaneDemand {
  return { weight, outstanding: 0, waiting: 1_000, blocked: false, resting: false, ...lane };
}

describe("LaneScheduler", () => {
  test("mixes lanes that all have work by their weights", () => {
    const scheduler = new LaneScheduler(3);
    const lanes = [createLane(6), createLane(3), createLane(1)];
    const run = Array.from({ length: 10 }, () => "hnl"[scheduler.allot(lanes, 1).indexOf(1)]).join("");
    expect(run).toBe("hnhhnhlhnh");
    expect(scheduler.allot(lanes, 100)).toEqual([60, 30, 10]);
  });

  test("asks one message of a lane of which nothing is known, and no more than are known to wait", () => {
    const scheduler = new LaneScheduler(3);
    const lanes = [createLane(6, { waiting: 0 }), createLane(3, { waiting: 5 }), createLane(1, { waiting: 2 })];
    expect(scheduler.allot(lanes, 100)).toEqual([1, 5, 2]);
  });

  test("counts what was asked for before", () => {
    const scheduler = new LaneScheduler(2);
    const lanes = [createLane(6, { waiting: 0, outstanding: 1 }), createLane(1, { waiting: 4, outstanding: 3 })];
    expect(scheduler.allot(lanes, 100)).toEqual([0, 1]);
  });

  test("asks nothing of a blocked lane", () => {
    const scheduler = new LaneScheduler(2);
    expect(scheduler.allot([createLane(6, { blocked: true }), createLane(1)], 3)).toEqual([0, 3]);
  });

  test("leaves a resting lane alone only while others have work", () => {
    const scheduler = new LaneScheduler(2);
    const resting = createLane(6, { waiting: 0, resting: true });
    expect(scheduler.allot([resting, createLane(1, { waiting: 2 })], 2)).toEqual([0, 2]);
    expect(scheduler.allot([resting, createLane(1, { waiting: 2 })], 3)).toEqual([1, 2]);
  });

  test("never gives out more than there is", () => {
    const scheduler = new LaneScheduler(3);
    for (let freeSlots = 0; freeSlots < 50; freeSlots += 1) {
      const allotted = scheduler.allot([createLane(6), createLane(3), createLane(1)], freeSlots);
      expect(allotted.reduce((sum, count) => sum + count, 0)).toBe(freeSlots);
    }
  });
});

import { describe, expect, it } from "vitest";
import { createLoadShedder } from "./load-shedder.js";

function setUp(load: number, random = 0.5) {
  return createLoadShedder({
    name: "gateway",
    readLoad: () => load,
    ranges: { high: { from: 0.95, to: 1 }, normal: { from: 0.8, to: 1 }, low: { from: 0.6, to: 0.8 } },
    random: () => random,
  });
}

describe("a load shedder", () => {
  it("sheds nothing while there is room", () => {
    const shedder = setUp(0.59, 0);
    expect((["high", "normal", "low"] as const).map((priority) => shedder.shouldShed(priority))).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("gives up the least important calls first", () => {
    const shedder = setUp(0.85);
    expect((["high", "normal", "low"] as const).map((priority) => shedder.shouldShed(priority))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it("sheds a share that grows with the load", () => {
    expect(setUp(0.65, 0.24).shouldShed("low")).toBe(true);
    expect(setUp(0.65, 0.26).shouldShed("low")).toBe(false);
  });

  it("refuses with a code and a time to come back", () => {
    expect(() => setUp(1).admit("high")).toThrow(
      expect.objectContaining({ code: "load_shed", refused: true, retryAfterMs: 1000 }),
    );
  });

  it("refuses a range that ends before it begins", () => {
    const ranges = { high: { from: 0.9, to: 0.5 } };
    expect(() => createLoadShedder({ name: "bad", readLoad: () => 0, random: () => 0, ranges })).toThrow(RangeError);
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CountedOutcome } from "./circuit-trigger.js";
import { createCircuitTrigger } from "./create-circuit-trigger.js";

const outcomes = fc.constantFrom<CountedOutcome>("success", "slow", "failure");
const RATES = { minimumCalls: 4, failureRate: 0.5, slowCallRate: 0.75 };

function isBad(window: readonly CountedOutcome[]): boolean {
  const failed = window.filter((outcome) => outcome === "failure").length;
  const failedOrSlow = window.filter((outcome) => outcome !== "success").length;
  return window.length >= 4 && (failed >= window.length / 2 || failedOrSlow >= window.length * 0.75);
}

describe("a count window", () => {
  it("judges exactly the last calls, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 60, size: "max" }), (sequence) => {
        const trigger = createCircuitTrigger({ kind: "count-window", size: 6, ...RATES });
        for (const [index, outcome] of sequence.entries()) {
          const window = sequence.slice(Math.max(0, index - 5), index + 1);
          expect(trigger.record(outcome, 0)).toBe(isBad(window));
        }
      }),
    );
  });

  it("refuses a minimum that it can never hold", () => {
    expect(() => createCircuitTrigger({ kind: "count-window", size: 3, ...RATES })).toThrow(RangeError);
  });
});

describe("a time window", () => {
  const calls = fc.array(fc.record({ outcome: outcomes, pauseMs: fc.nat(400) }), { maxLength: 60, size: "max" });

  it("judges exactly the calls of the buckets it spans, however long the pauses", () => {
    fc.assert(
      fc.property(calls, fc.nat(100_000), (sequence, startMs) => {
        const trigger = createCircuitTrigger({ kind: "time-window", windowMs: 1000, buckets: 5, ...RATES });
        const recorded: { outcome: CountedOutcome; bucket: number }[] = [];
        let nowMs = startMs;
        for (const { outcome, pauseMs } of sequence) {
          nowMs += pauseMs;
          const bucket = Math.floor(nowMs / 200);
          recorded.push({ outcome, bucket });
          const window = recorded.filter((call) => call.bucket > bucket - 5).map((call) => call.outcome);
          expect(trigger.record(outcome, nowMs)).toBe(isBad(window));
        }
      }),
    );
  });

  it("is empty after a reset", () => {
    const trigger = createCircuitTrigger({ kind: "time-window", windowMs: 1000, ...RATES });
    for (let call = 0; call < 3; call += 1) trigger.record("failure", 10);
    trigger.reset();
    expect(trigger.record("failure", 10)).toBe(false);
  });
});

describe("a rate", () => {
  it.each([0, 1.1, Number.NaN])("of %s is refused", (failureRate) => {
    expect(() => createCircuitTrigger({ kind: "count-window", size: 5, minimumCalls: 1, failureRate })).toThrow(
      RangeError,
    );
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accepted, completed, delta, started } from "../test/frames.js";
import { reduceTurn, type TurnFrame, type TurnState } from "./turn-state.js";

const at = (attempt: number, position: number): TurnState => ({
  phase: "accepted",
  sessionId: "s1",
  attempt,
  position,
});

describe("reduceTurn", () => {
  it("delivers events that follow one another and drops those seen before", () => {
    expect(reduceTurn(at(1, 5), delta("t", 1, 5, "abc"))).toMatchObject({ kind: "deliver", state: at(1, 8) });
    expect(reduceTurn(at(1, 8), delta("t", 1, 5, "abc"))).toEqual({ kind: "drop" });
  });

  it("cuts what was seen from a delta that was merged on the way", () => {
    const step = reduceTurn(at(1, 5), delta("t", 1, 3, "abcdef"));
    expect(step).toMatchObject({ kind: "deliver", frame: { from: 5, to: 9, text: "cdef" }, state: at(1, 9) });
  });

  it("sees a gap where something is missing, and where a later attempt was not announced", () => {
    expect(reduceTurn(at(1, 5), delta("t", 1, 6, "x"))).toEqual({ kind: "gap" });
    expect(reduceTurn(at(1, 5), delta("t", 2, 0, "x"))).toEqual({ kind: "gap" });
    expect(reduceTurn({ phase: "submitted" }, delta("t", 1, 0, "x"))).toEqual({ kind: "gap" });
  });

  it("sees a gap where a frame that cannot be cut overlaps what was seen", () => {
    const status: TurnFrame = { type: "turn.status", turnId: "t", attempt: 1, from: 4, to: 6, stage: "agent.started" };
    expect(reduceTurn(at(1, 5), status)).toEqual({ kind: "gap" });
  });

  it("starts again at position 0 with a later attempt and drops the earlier one from then on", () => {
    expect(reduceTurn(at(1, 5), started("t", 3))).toMatchObject({ kind: "deliver", state: at(3, 0) });
    expect(reduceTurn(at(3, 0), delta("t", 1, 5, "late"))).toEqual({ kind: "drop" });
    expect(reduceTurn(at(3, 0), started("t", 3))).toEqual({ kind: "drop" });
  });

  it("takes the first terminal frame, of whichever attempt, and nothing after it", () => {
    const step = reduceTurn(at(3, 7), completed("t", 1, "done"));
    expect(step).toMatchObject({ kind: "deliver", state: { phase: "ended" } });
    const ended: TurnState = { phase: "ended", sessionId: "s1" };
    expect(reduceTurn(ended, completed("t", 3, "other"))).toEqual({ kind: "drop" });
    expect(reduceTurn(ended, accepted("t"))).toEqual({ kind: "drop" });
  });

  it("delivers each attempt's text exactly once, however frames are lost, repeated, reordered or merged", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 40, unit: "binary" }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 200 }),
        (attempts, choices) => {
          const seen = receiveOverBadLine(attempts, choices);
          expect(seen.delivered).toEqual(attempts.map((text, index) => text.slice(0, seen.lengths[index])));
          expect(seen.delivered.at(-1)).toBe(attempts.at(-1));
        },
      ),
      { numRuns: 500 },
    );
  });
});

/**
 * Plays a producer with one log per attempt and a line that does what `choices` say; every gap is answered from the
 * log, and so is the last resume.
 */
function receiveOverBadLine(attempts: string[], choices: number[]): { delivered: string[]; lengths: number[] } {
  const delivered = attempts.map(() => "");
  const last = attempts.length;
  const textOf = (attempt: number): string => attempts[attempt - 1] ?? "";
  let state: TurnState = { phase: "submitted" };
  const take = (frame: TurnFrame): boolean => {
    const step = reduceTurn(state, frame);
    if (step.kind === "deliver") {
      state = step.state;
      if (step.frame.type === "turn.delta") delivered[step.frame.attempt - 1] += step.frame.text;
    }
    return step.kind === "gap";
  };
  const resume = (current: number): void => {
    if (state.phase !== "accepted") return;
    const from = state.attempt === current ? state.position : 0;
    take(started("t", current));
    const rest = textOf(current).slice(from);
    if (rest !== "") expect(take(delta("t", current, from, rest))).toBe(false);
  };
  take(accepted("t"));
  for (const choice of choices) {
    const attempt = (choice % last) + 1;
    const text = textOf(attempt);
    const from = Math.floor(choice / 7) % (text.length + 1);
    const length = 1 + (Math.floor(choice / 49) % 9);
    const piece = text.slice(from, from + length);
    const frame = choice % 5 === 0 || piece === "" ? started("t", attempt) : delta("t", attempt, from, piece);
    if (take(frame)) resume(attempt);
  }
  resume(last);
  return { delivered, lengths: delivered.map((text) => text.length) };
}

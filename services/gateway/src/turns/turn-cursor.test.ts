import type { ServerFrame, TurnEvent, TurnResult } from "@ai-orchestra/contracts";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TurnCursor, type CursorOutcome } from "./turn-cursor.js";

const turnId = "t1";
const sessionId = "s1";
const owner = "0123456789abcdef";

const started = (attempt: number): TurnEvent => ({
  type: "turn.started",
  turnId,
  sessionId,
  attempt,
  model: "m",
  mode: "auto",
});
const delta = (attempt: number, from: number, text: string): TurnEvent => ({
  type: "turn.delta",
  turnId,
  attempt,
  from,
  to: from + text.length,
  text,
});
const status = (attempt: number, from: number): TurnEvent => ({
  type: "turn.status",
  turnId,
  attempt,
  from,
  to: from + 1,
  stage: "working",
});

interface ResultOptions {
  attempt: number;
  text: string;
  to?: number;
  segments?: [number, number][];
}

function completed({ attempt, text, to = text.length, segments = [[0, text.length]] }: ResultOptions): TurnResult {
  return {
    owner,
    sessionId,
    turnId,
    attempt,
    order: 1,
    stateless: false,
    to,
    segments,
    frame: {
      type: "turn.completed",
      turnId,
      sessionId,
      attempt,
      output: { text },
      usage: { inputTokens: 0, outputTokens: 0, estimated: true },
      finishReason: "stop",
      metadata: {
        model: "m",
        mode: "auto",
        latencyMs: 1,
        timeToFirstTokenMs: 1,
        cached: false,
        degraded: false,
        fallbacks: [],
        agents: [],
        qualityScore: 1,
        intent: null,
        confidence: null,
        traceId: "",
      },
    },
    submittedAt: 0,
    finishedAt: 1,
  };
}

function cancelled(attempt: number, partialText: string, to = partialText.length): TurnResult {
  const base = completed({ attempt, text: partialText, to });
  return { ...base, frame: { type: "turn.cancelled", turnId, sessionId, partialText } };
}

const ended = (result: TurnResult): TurnEvent => ({ type: "turn.result", result });

function follow(events: readonly TurnEvent[], start?: { attempt: number; position: number }) {
  const cursor = new TurnCursor(start);
  const frames: ServerFrame[] = [];
  const outcomes = events.map((event) => cursor.accept(event, (frame) => frames.push(frame)));
  return { cursor, frames, outcomes };
}

describe("a viewer's cursor", () => {
  test("passes contiguous events on as they are", () => {
    const passed: boolean[] = [];
    const cursor = new TurnCursor();
    for (const event of [started(1), delta(1, 0, "ab"), status(1, 2)]) {
      cursor.accept(event, (frame, unchanged) => passed.push(unchanged && frame === event));
    }
    expect(passed).toEqual([true, true, true]);
    expect(cursor.position).toBe(3);
  });

  test("drops what the viewer has and what older attempts say", () => {
    const { outcomes } = follow([
      started(2),
      delta(2, 0, "ab"),
      delta(2, 0, "ab"),
      delta(1, 2, "x"),
      started(2),
      started(1),
    ]);
    expect(outcomes).toEqual(["sent", "sent", "dropped", "dropped", "dropped", "dropped"]);
  });

  test("cuts a merged text at what the viewer has of it", () => {
    const { frames } = follow([started(1), delta(1, 0, "ab"), delta(1, 0, "abcd")]);
    expect(frames.at(-1)).toMatchObject({ from: 2, to: 4, text: "cd" });
  });

  test("reports a jump and sends nothing of it", () => {
    const { outcomes, frames } = follow([started(1), delta(1, 3, "x")]);
    expect(outcomes).toEqual(["sent", "gap"]);
    expect(frames).toHaveLength(1);
  });

  test("reports an attempt whose beginning it did not see", () => {
    expect(follow([started(1), delta(2, 0, "x")]).outcomes).toEqual(["sent", "gap"]);
    expect(follow([delta(1, 0, "x")]).outcomes).toEqual(["gap"]);
  });

  test("starts over with a higher attempt", () => {
    const { frames, cursor } = follow([started(1), delta(1, 0, "abc"), started(3), delta(3, 0, "x")]);
    expect(frames.map((frame) => frame.type)).toEqual(["turn.started", "turn.delta", "turn.started", "turn.delta"]);
    expect([cursor.attempt, cursor.position]).toEqual([3, 1]);
  });

  test("goes on where a resumed client stands", () => {
    const { frames } = follow([started(1), delta(1, 0, "abcd")], { attempt: 1, position: 2 });
    expect(frames).toMatchObject([{ type: "turn.delta", from: 2, text: "cd" }]);
  });

  test("completes a missed tail from the result before the terminal frame", () => {
    const { frames } = follow([started(1), delta(1, 0, "ab"), ended(completed({ attempt: 1, text: "abcd" }))]);
    expect(frames.slice(2)).toMatchObject([
      { type: "turn.delta", from: 2, to: 4, text: "cd" },
      { type: "turn.completed" },
    ]);
  });

  test("finds the missed text between events that are not text", () => {
    const result = completed({
      attempt: 1,
      text: "abcdef",
      to: 9,
      segments: [
        [1, 4],
        [5, 8],
      ],
    });
    const { frames } = follow([ended(result)], { attempt: 1, position: 3 });
    expect(frames).toMatchObject([{ type: "turn.delta", from: 3, to: 9, text: "cdef" }, { type: "turn.completed" }]);
  });

  test("skips a missed tail without text", () => {
    const { frames } = follow([ended(completed({ attempt: 1, text: "ab", to: 3 }))], { attempt: 1, position: 2 });
    expect(frames.map((frame) => frame.type)).toEqual(["turn.completed"]);
  });

  test("shows the whole answer of an attempt that it saw nothing of", () => {
    const { frames } = follow([started(1), delta(1, 0, "old"), ended(completed({ attempt: 2, text: "new" }))]);
    expect(frames.slice(2)).toMatchObject([
      { type: "turn.started", attempt: 2, model: "m", mode: "auto" },
      { type: "turn.delta", attempt: 2, from: 0, to: 3, text: "new" },
      { type: "turn.completed", attempt: 2 },
    ]);
  });

  test("shows only the end when the result is of an older attempt or says too little", () => {
    expect(
      follow([started(2), ended(completed({ attempt: 1, text: "ab" }))]).frames.map((frame) => frame.type),
    ).toEqual(["turn.started", "turn.completed"]);
    expect(follow([ended(cancelled(1, "ab"))]).frames.map((frame) => frame.type)).toEqual(["turn.cancelled"]);
  });

  test("ends once", () => {
    const end = ended(completed({ attempt: 1, text: "a" }));
    const { outcomes } = follow([started(1), delta(1, 0, "a"), end, end, started(2), delta(2, 0, "z")]);
    expect(outcomes).toEqual(["sent", "sent", "ended", "dropped", "dropped", "dropped"]);
  });
});

interface Attempt {
  attempt: number;
  log: TurnEvent[];
  text: string;
  to: number;
  segments: [number, number][];
}

/** A producer's log of one attempt: texts and single-position events, contiguous from 0. */
function buildAttempt(attempt: number, parts: readonly (string | null)[]): Attempt {
  const log: TurnEvent[] = [started(attempt)];
  const segments: [number, number][] = [];
  let to = 0;
  let text = "";
  for (const part of parts) {
    if (part === null) {
      log.push(status(attempt, to));
      to += 1;
      continue;
    }
    log.push(delta(attempt, to, part));
    segments.push([to, to + part.length]);
    to += part.length;
    text += part;
  }
  return { attempt, log, text, to, segments };
}

/** What the producer answers to `state`. */
function stateOf({ attempt, log }: Attempt, cursor: TurnCursor): TurnEvent[] {
  if (cursor.attempt < attempt) return log;
  return log.filter((event) => "to" in event && event.to > cursor.position);
}

/** Merges neighbouring texts, as anybody on the way may. */
function mergeTexts(events: readonly TurnEvent[], merge: readonly boolean[]): TurnEvent[] {
  const merged: TurnEvent[] = [];
  for (const [index, event] of events.entries()) {
    const last = merged.at(-1);
    const joins = merge[index % merge.length] === true;
    if (joins && last?.type === "turn.delta" && event.type === "turn.delta" && last.to === event.from) {
      merged[merged.length - 1] = { ...last, to: event.to, text: last.text + event.text };
    } else merged.push(event);
  }
  return merged;
}

const partsArbitrary = fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 5 }), fc.constant(null)), {
  maxLength: 12,
});

test("whatever is lost, repeated, merged or late, the viewer's text is the producer's and ends once", () => {
  fc.assert(
    fc.property(
      fc.array(partsArbitrary, { minLength: 1, maxLength: 3 }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
      fc.array(fc.constantFrom("pass", "drop", "repeat", "delay"), { minLength: 1, maxLength: 40 }),
      (attempts, merge, fates) => {
        const producers = attempts.map((parts, index) => buildAttempt(index + 1, parts));
        const last = producers.at(-1)!;
        const end = ended(completed({ attempt: last.attempt, text: last.text, to: last.to, segments: last.segments }));
        const cursor = new TurnCursor();
        const frames: ServerFrame[] = [];
        const outcomes: CursorOutcome[] = [];
        const feed = (event: TurnEvent, producer: Attempt): void => {
          const outcome = cursor.accept(event, (frame) => frames.push(frame));
          outcomes.push(outcome);
          if (outcome !== "gap") return;
          for (const known of stateOf(producer, cursor)) {
            const answer = cursor.accept(known, (frame) => frames.push(frame));
            expect(answer).not.toBe("gap");
          }
        };
        let step = 0;
        const late: TurnEvent[] = [];
        for (const producer of producers) {
          for (const event of mergeTexts(producer.log, merge)) {
            const fate = fates[step++ % fates.length];
            if (fate === "delay") late.push(event);
            if (fate === "pass" || fate === "repeat") feed(event, producer);
            if (fate === "repeat") feed(event, producer);
          }
          for (const event of late.splice(0, 2)) feed(event, producer);
        }
        for (const event of late) feed(event, last);
        feed(end, last);
        feed(end, last);

        let attempt = 0;
        let position = 0;
        let text = "";
        for (const frame of frames) {
          if (frame.type === "turn.started") {
            expect(frame.attempt).toBeGreaterThan(attempt);
            attempt = frame.attempt;
            position = 0;
            text = "";
          }
          if (frame.type === "turn.delta" || frame.type === "turn.status") {
            expect([frame.attempt, frame.from]).toEqual([attempt, position]);
            position = frame.to;
            if (frame.type === "turn.delta") text += frame.text;
          }
        }
        expect(text).toBe(last.text);
        expect(frames.filter((frame) => frame.type === "turn.completed")).toHaveLength(1);
        expect(frames.at(-1)?.type).toBe("turn.completed");
        expect(outcomes.filter((outcome) => outcome === "ended")).toHaveLength(1);
      },
    ),
    { numRuns: 2_000 },
  );
});

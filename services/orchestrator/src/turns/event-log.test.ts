import { describe, expect, it } from "vitest";
import { EventLog } from "./event-log.js";

const started = {
  type: "turn.started",
  turnId: "t1",
  sessionId: "s1",
  attempt: 2,
  model: "orchestra/builtin",
  mode: "balanced",
} as const;

function createLog(): EventLog {
  const log = new EventLog({ turnId: "t1", attempt: 2 });
  log.start(started);
  return log;
}

describe("EventLog", () => {
  it("counts one position per UTF-16 unit of text and one per other event", () => {
    const log = createLog();
    log.appendText("hi 🎻", undefined);
    const status = log.appendStatus({ stage: "fallback" });
    expect(status).toMatchObject({ from: 5, to: 6, attempt: 2, turnId: "t1" });
    expect(log.position).toBe(6);
  });

  it("merges text of one voice and cuts it at the position asked for", () => {
    const log = createLog();
    log.appendText("Hello", undefined);
    log.appendText(", world", undefined);
    expect(log.since({ attempt: 2, position: 3 }, 10_000).events).toEqual([
      { type: "turn.delta", turnId: "t1", attempt: 2, from: 3, to: 12, text: "lo, world" },
    ]);
  });

  it("keeps the voices of agents apart from the answer", () => {
    const log = createLog();
    log.appendText("draft", "critic");
    log.appendText("ans", undefined);
    log.appendStatus({ stage: "agent.finished", agent: "critic" });
    log.appendText("wer", undefined);
    expect(log.answerText()).toBe("answer");
    expect(log.answerSegments()).toEqual([
      [5, 8],
      [9, 12],
    ]);
    expect(log.since({ attempt: 2, position: 5 }, 10_000).events.map((event) => event.type)).toEqual([
      "turn.delta",
      "turn.status",
      "turn.delta",
    ]);
  });

  it("answers a viewer of a lower attempt with turn.started and everything", () => {
    const log = createLog();
    log.appendText("again", undefined);
    expect(log.since({ attempt: 1, position: 4 }, 10_000).events).toEqual([
      started,
      { type: "turn.delta", turnId: "t1", attempt: 2, from: 0, to: 5, text: "again" },
    ]);
  });

  it("has nothing to tell before the attempt began or after its end", () => {
    expect(new EventLog({ turnId: "t1", attempt: 1 }).since({ attempt: 0, position: 0 }, 10_000).events).toEqual([]);
    const log = createLog();
    log.appendText("x", undefined);
    expect(log.since({ attempt: 2, position: 1 }, 10_000).events).toEqual([]);
  });

  it("merges fragments of one tool call and can tell the rest of them from any position", () => {
    const log = createLog();
    log.appendTool({ index: 0, id: "call-1", name: "search", arguments: "" });
    log.appendTool({ index: 0, id: "call-1", arguments: '{"q":' });
    log.appendTool({ index: 0, id: "call-1", arguments: '"x"}' });
    log.appendTool({ index: 1, id: "call-2", name: "open", arguments: "{}" });
    const call = { type: "turn.tool", turnId: "t1", attempt: 2, index: 0, id: "call-1" };
    expect(log.since({ attempt: 2, position: 0 }, 10_000).events).toMatchObject([
      { ...call, from: 0, to: 3, name: "search", arguments: '{"q":"x"}' },
      { index: 1, from: 3, to: 4 },
    ]);
    const [rest] = log.since({ attempt: 2, position: 2 }, 10_000).events;
    expect(rest).toEqual({ ...call, from: 2, to: 3, arguments: '"x"}' });
  });

  it("tells a long story in several replies, each within its bound, without a gap or a broken pair", () => {
    const log = createLog();
    const text = "é🎻\u0001".repeat(2_000);
    log.appendText(text, undefined);
    log.appendStatus({ stage: "fallback" });
    log.appendText("end", undefined);
    let place = { attempt: 0, position: 0 };
    let told = "";
    let replies = 0;
    for (; place.position < log.position || place.attempt === 0; replies += 1) {
      const { events, position } = log.since(place, 4_096);
      expect(Buffer.byteLength(JSON.stringify(events))).toBeLessThan(4_096 + 512);
      for (const event of events) if (event.type === "turn.delta") told += event.text;
      expect(told).not.toMatch(/[\ud800-\udbff]$/);
      place = { attempt: 2, position };
    }
    expect(told).toBe(`${text}end`);
    expect(replies).toBeGreaterThan(5);
  });
});

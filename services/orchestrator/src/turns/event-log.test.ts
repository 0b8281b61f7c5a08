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
    expect(log.since(2, 3)).toEqual([
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
    expect(log.since(2, 5).map((event) => event.type)).toEqual(["turn.delta", "turn.status", "turn.delta"]);
  });

  it("answers a viewer of a lower attempt with turn.started and everything", () => {
    const log = createLog();
    log.appendText("again", undefined);
    expect(log.since(1, 4)).toEqual([
      started,
      { type: "turn.delta", turnId: "t1", attempt: 2, from: 0, to: 5, text: "again" },
    ]);
  });

  it("has nothing to tell before the attempt began or after its end", () => {
    expect(new EventLog({ turnId: "t1", attempt: 1 }).since(0, 0)).toEqual([]);
    const log = createLog();
    log.appendText("x", undefined);
    expect(log.since(2, 1)).toEqual([]);
  });
});

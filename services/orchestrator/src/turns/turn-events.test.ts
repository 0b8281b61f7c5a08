import { OrchestraError, type TurnEvent } from "@ai-orchestra/contracts";
import { createManualClock } from "@ai-orchestra/service-kit";
import { describe, expect, it } from "vitest";
import { EventLog } from "./event-log.js";
import { TurnEvents } from "./turn-events.js";

const turn = { owner: "0123456789abcdef", sessionId: "s1", turnId: "t1", attempt: 1 };

function createEvents(publish?: () => void) {
  const clock = createManualClock();
  const log = new EventLog(turn);
  const published: TurnEvent[] = [];
  const bus = {
    publish: (_subject: string, event: unknown) => {
      publish?.();
      published.push(event as TurnEvent);
    },
  };
  const turnEvents = new TurnEvents({ bus, clock, log, turn, coalesceMs: 5, coalesceChars: 100 });
  const texts = () => published.flatMap((event) => (event.type === "turn.delta" ? [event.text] : []));
  return { clock, log, published, texts, turnEvents };
}

describe("TurnEvents", () => {
  it("sends the first piece of text at once and lets what follows wait a few milliseconds for company", () => {
    const { clock, texts, turnEvents } = createEvents();
    turnEvents.text("a");
    turnEvents.text("b");
    turnEvents.text("c");
    expect(texts()).toEqual(["a"]);
    clock.advance(5);
    expect(texts()).toEqual(["a", "bc"]);
  });

  it("does not let slow text wait", () => {
    const { clock, texts, turnEvents } = createEvents();
    turnEvents.text("a");
    clock.advance(50);
    turnEvents.text("b");
    expect(texts()).toEqual(["a", "b"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("sends at once when much text waits", () => {
    const { texts, turnEvents } = createEvents();
    turnEvents.text("a");
    turnEvents.text("b".repeat(60));
    turnEvents.text("c".repeat(60));
    expect(texts()).toEqual(["a", "b".repeat(60) + "c".repeat(60)]);
  });

  it("keeps the order of text, voices and other events", () => {
    const { published, turnEvents } = createEvents();
    turnEvents.text("draft", "critic");
    turnEvents.text("answer");
    turnEvents.status({ stage: "fallback" });
    turnEvents.text("more");
    turnEvents.flush();
    const places = published.flatMap((event) => ("from" in event ? [[event.type, event.from, event.to]] : []));
    expect(places).toEqual([
      ["turn.delta", 0, 5],
      ["turn.delta", 5, 11],
      ["turn.status", 11, 12],
      ["turn.delta", 12, 16],
    ]);
  });

  it("coalesces voices that speak at the same time, each by itself", () => {
    const { clock, published, turnEvents } = createEvents();
    for (let word = 0; word < 10; word += 1) {
      turnEvents.text("a", "analyst");
      turnEvents.text("c", "critic");
    }
    clock.advance(5);
    const said = published.flatMap((event) => (event.type === "turn.delta" ? [[event.agent, event.text]] : []));
    expect(said).toEqual([
      ["analyst", "a"],
      ["critic", "cccccccccc"],
      ["analyst", "aaaaaaaaa"],
    ]);
  });

  it("splits one huge piece into events far below the bus's limit, without a gap", () => {
    const { published, turnEvents } = createEvents();
    const text = "x".repeat(40_000);
    turnEvents.text(text);
    const deltas = published.flatMap((event) => (event.type === "turn.delta" ? [event] : []));
    expect(deltas.map(({ from, to }) => [from, to])).toEqual([
      [0, 16_384],
      [16_384, 32_768],
      [32_768, 40_000],
    ]);
    expect(deltas.map((delta) => delta.text).join("")).toBe(text);
  });

  it("goes on while the bus is away: the log has what viewers will ask for", () => {
    const { log, published, turnEvents } = createEvents(() => {
      throw new OrchestraError("unavailable", "the bus is reconnecting");
    });
    turnEvents.text("kept");
    expect(published).toEqual([]);
    expect(log.answerText()).toBe("kept");
  });
});

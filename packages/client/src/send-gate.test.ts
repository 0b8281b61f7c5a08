import type { ClientFrame } from "@ai-orchestra/contracts";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSendGate } from "./send-gate.js";

const cancel = (turnId: string, sessionId = "s1"): ClientFrame => ({ type: "turn.cancel", turnId, sessionId });

describe("createSendGate", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("sends at once until the server says it is too much, then at its rate", () => {
    const sent: ClientFrame[] = [];
    const gate = createSendGate((frame) => sent.push(frame));
    for (let index = 0; index < 200; index += 1) gate.send(cancel("t"));
    expect(sent).toHaveLength(200);
    gate.slowDown(5_000, 60);
    for (const turnId of ["a", "b", "c"]) gate.send(cancel(turnId));
    vi.advanceTimersByTime(4_999);
    expect(sent).toHaveLength(200);
    vi.advanceTimersByTime(1);
    expect(sent).toHaveLength(201);
    vi.advanceTimersByTime(2_000);
    expect(sent.slice(200)).toEqual([cancel("a"), cancel("b"), cancel("c")]);
    gate.send(cancel("d"));
    vi.advanceTimersByTime(1_000);
    expect(sent.at(-1)).toEqual(cancel("d"));
  });

  it("keeps one frame of a kind about one turn, the newest", () => {
    const sent: ClientFrame[] = [];
    const gate = createSendGate((frame) => sent.push(frame));
    gate.slowDown(100, 6_000);
    gate.send(cancel("a"));
    gate.send(cancel("a", "s2"));
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([cancel("a", "s2")]);
  });

  it("forgets what waits when it is stopped", () => {
    const sent: ClientFrame[] = [];
    const gate = createSendGate((frame) => sent.push(frame));
    gate.slowDown(100, 60);
    gate.send(cancel("a"));
    gate.stop();
    vi.advanceTimersByTime(10_000);
    expect(sent).toEqual([]);
  });
});

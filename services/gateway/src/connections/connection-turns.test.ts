import { expect, test } from "vitest";
import { TurnViewer } from "../turns/turn-viewer.js";
import { ConnectionTurns, type WatchOrigin } from "./connection-turns.js";

const owner = "0123456789abcdef";

function watch(turns: ConnectionTurns, turnId: string, origin: WatchOrigin = "started") {
  const viewer = new TurnViewer({
    key: { owner, sessionId: "s", turnId },
    deadline: { at: 0, assumed: false },
    deliver: () => true,
    onGap: () => undefined,
    onEnd: () => undefined,
  });
  turns.add({ viewer, origin, cancelOnDisconnect: false });
  return viewer.key;
}

test("the last open turn of a session is the last one started that has not ended", () => {
  const turns = new ConnectionTurns();
  const first = watch(turns, "first");
  const second = watch(turns, "second");
  watch(turns, "other", "attached");
  expect(turns.lastOpenTurn("s")).toBe("second");
  turns.remove(first, "ended");
  expect(turns.lastOpenTurn("s")).toBe("second");
  turns.remove(second, "ended");
  expect(turns.lastOpenTurn("s")).toBeUndefined();
});

test("counts what the client asked for apart from what attached sessions bring", () => {
  const turns = new ConnectionTurns();
  watch(turns, "a");
  watch(turns, "b", "resumed");
  watch(turns, "c", "attached");
  expect([turns.count("own"), turns.count("attached")]).toEqual([2, 1]);
});

test("remembers a bounded number of ended turns", () => {
  const turns = new ConnectionTurns();
  for (let index = 0; index < 300; index += 1) turns.remove(watch(turns, `t${index}`), "ended");
  expect(turns.hasEnded("t0")).toBe(false);
  expect(turns.sessionOf("t299")).toBe("s");
  turns.remove(watch(turns, "left"), "left");
  expect(turns.hasEnded("left")).toBe(false);
});

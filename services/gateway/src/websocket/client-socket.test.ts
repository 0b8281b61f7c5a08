import { expect, test } from "vitest";
import type { WebSocket } from "uWebSockets.js";
import { resolveBackpressureLimits } from "./backpressure.js";
import { ClientSocket } from "./client-socket.js";
import { FlushScheduler } from "./flush-scheduler.js";

const limits = resolveBackpressureLimits({ maxBytes: 1_600 });

/** A socket of uWebSockets.js of which only the buffer matters; `takes` is what the kernel takes with a write. */
function createSocket() {
  const kernel = { buffered: 0, takes: 0 };
  const events: string[] = [];
  const ws = {
    cork: (write: () => void) => write(),
    send: (payload: string) => {
      kernel.buffered = Math.max(0, kernel.buffered + payload.length - kernel.takes);
      return 1;
    },
    getBufferedAmount: () => kernel.buffered,
  };
  const socket = new ClientSocket({
    ws: ws as unknown as WebSocket<unknown>,
    scheduler: new FlushScheduler(),
    limits,
    onWritten: () => undefined,
    onTooSlow: () => events.push("too slow"),
    onCaughtUp: () => events.push("caught up"),
  });
  return { kernel, events, socket };
}

test("is behind past the pause, and has caught up when a drain brings it below where it goes on", () => {
  const { kernel, events, socket } = createSocket();
  socket.send("x".repeat(limits.pauseBytes + 1));
  socket.flush();
  expect(socket.send("y")).toBe(false);
  kernel.buffered = limits.resumeBytes + 1;
  socket.noteDrained();
  expect(events).toEqual([]);
  kernel.buffered = limits.resumeBytes;
  socket.noteDrained();
  socket.noteDrained();
  expect(events).toEqual(["caught up"]);
  expect(socket.congestedSinceMs).toBeUndefined();
});

test("has caught up when a write of its own empties the buffer, which no drain follows", () => {
  const { kernel, events, socket } = createSocket();
  socket.send("x".repeat(limits.pauseBytes + 1));
  socket.flush();
  kernel.takes = 1_000;
  socket.send("y");
  socket.flush();
  expect(events).toEqual(["caught up"]);
  expect(socket.send("z")).toBe(true);
});

test("is too slow past half of the maximum", () => {
  const { events, socket } = createSocket();
  socket.send("x".repeat(limits.closeBytes + 1));
  socket.flush();
  expect(events).toEqual(["too slow"]);
});

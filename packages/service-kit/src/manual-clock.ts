import type { Clock, Timer } from "./clock.js";

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  /** Moves time forward and runs every timer that falls due on the way, in the order of their times. */
  advance(byMs: number): void;
  /** Like `advance`, but lets promises settle before and after each timer. */
  advanceAsync(byMs: number): Promise<void>;
  /** Timers that are set. */
  readonly pendingTimers: number;
}

interface ManualTimer extends Timer {
  dueAt: number;
  readonly sequence: number;
  readonly callback: () => void;
  readonly periodMs: number | undefined;
}

/** A clock for tests. It starts at `startAt` (default 2026-01-01T00:00:00Z), its monotonic side at 0. */
export function createManualClock(startAt: number = Date.UTC(2026, 0, 1)): ManualClock {
  const timers = new Set<ManualTimer>();
  let elapsedMs = 0;
  let sequence = 0;

  const set = (callback: () => void, delayMs: number, periodMs?: number): Timer => {
    const timer: ManualTimer = {
      dueAt: elapsedMs + Math.max(0, delayMs),
      sequence: sequence++,
      callback,
      periodMs,
      unref: () => timer,
    };
    timers.add(timer);
    return timer;
  };
  const clear = (timer: Timer | undefined): void => {
    if (timer !== undefined) timers.delete(timer as ManualTimer);
  };
  const runNextUntil = (limitMs: number): boolean => {
    let next: ManualTimer | undefined;
    for (const timer of timers) {
      if (timer.dueAt > limitMs) continue;
      if (next === undefined || isBefore(timer, next)) next = timer;
    }
    if (next === undefined) return false;
    elapsedMs = Math.max(elapsedMs, next.dueAt);
    if (next.periodMs === undefined) timers.delete(next);
    else next.dueAt += Math.max(1, next.periodMs);
    next.callback();
    return true;
  };

  return {
    now: () => startAt + elapsedMs,
    monotonicMs: () => elapsedMs,
    setTimeout: (callback, delayMs) => set(callback, delayMs),
    clearTimeout: clear,
    setInterval: (callback, periodMs) => set(callback, periodMs, periodMs),
    clearInterval: clear,
    advance: (byMs) => {
      const limitMs = elapsedMs + byMs;
      while (runNextUntil(limitMs));
      elapsedMs = limitMs;
    },
    advanceAsync: async (byMs) => {
      const limitMs = elapsedMs + byMs;
      do await settlePromises();
      while (runNextUntil(limitMs));
      elapsedMs = limitMs;
    },
    get pendingTimers() {
      return timers.size;
    },
  };
}

function isBefore(left: ManualTimer, right: ManualTimer): boolean {
  return left.dueAt < right.dueAt || (left.dueAt === right.dueAt && left.sequence < right.sequence);
}

function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

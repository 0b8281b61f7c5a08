import type { Clock, TimerHandle } from "../clock.js";

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock for tests that stands still until it is told to go on. */
export class ManualClock implements Clock {
  private readonly epochMs: number;
  private readonly timers = new Set<Timer>();
  private elapsedMs = 0;

  /** `epochMs` is what `now()` answers at first (default 0). */
  constructor(epochMs = 0) {
    this.epochMs = epochMs;
  }

  /** Timers that wait: 0 once everything under test has cleaned up. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  now(): number {
    return this.epochMs + this.elapsedMs;
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  setTimeout(callback: () => void, delayMs: number): TimerHandle {
    const timer: Timer = { dueMs: this.elapsedMs + Math.max(0, delayMs), callback };
    this.timers.add(timer);
    return timer;
  }

  clearTimeout(handle: TimerHandle): void {
    this.timers.delete(handle as Timer);
  }

  /** Moves time on by `durationMs`, firing timers in order, each at its own time, with pending promises run in between. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.elapsedMs + durationMs;
    do await settlePromises();
    while (this.fireNext(untilMs));
    this.elapsedMs = untilMs;
  }

  /** As `advance`, but without running promises: for code under test that has none. */
  jump(durationMs: number): void {
    const untilMs = this.elapsedMs + durationMs;
    while (this.fireNext(untilMs));
    this.elapsedMs = untilMs;
  }

  private fireNext(untilMs: number): boolean {
    const timer = this.nextTimer(untilMs);
    if (timer === undefined) return false;
    this.elapsedMs = Math.max(this.elapsedMs, timer.dueMs);
    this.timers.delete(timer);
    timer.callback();
    return true;
  }

  private nextTimer(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** A macrotask comes only after every promise callback that was due, however long their chain. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A timer that was set; only the clock that made it can clear it. */
export interface Timer {
  /** Lets the process end although the timer is set. */
  unref(): unknown;
}

/** Time as logic sees it, so that a test can move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. Jumps when the machine's time is set: never use it for durations. */
  now(): number;
  /** Milliseconds that only go forward, from an arbitrary start. */
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
  setInterval(callback: () => void, periodMs: number): Timer;
  clearInterval(timer: Timer | undefined): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: (callback, delayMs) => globalThis.setTimeout(callback, delayMs),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as NodeJS.Timeout | undefined),
  setInterval: (callback, periodMs) => globalThis.setInterval(callback, periodMs),
  clearInterval: (timer) => globalThis.clearInterval(timer as NodeJS.Timeout | undefined),
};

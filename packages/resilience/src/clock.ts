/** What `Clock.setTimeout` answers; only ever handed back to `Clock.clearTimeout`. */
export type TimerHandle = unknown;

/** The only source of time in this package. The clock of service-kit and the `ManualClock` of the tests both fit. */
export interface Clock {
  /** Epoch milliseconds: for points in time that leave the process. */
  now(): number;
  /** Milliseconds since an arbitrary start, never going back: for every duration. */
  monotonicMs(): number;
  setTimeout(callback: () => void, delayMs: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
}

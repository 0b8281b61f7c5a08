/** How one call under a limit went. */
export interface LimitSample {
  durationMs: number;
  /** Calls that ran when this one began, itself included. */
  inFlight: number;
  /** The dependency showed that it is overloaded: it timed out or asked us to back off. */
  overloaded: boolean;
}

/** How many calls may run at once, learned from how they go. */
export interface ConcurrencyLimit {
  /** A whole number of at least 1. */
  readonly current: number;
  record(sample: LimitSample): void;
}

/** A limit that learns nothing. */
export function createFixedLimit(maxConcurrent: number): ConcurrencyLimit {
  return { current: maxConcurrent, record: () => undefined };
}

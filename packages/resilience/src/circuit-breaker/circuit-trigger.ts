/** How one call went, as a trigger counts it. A slow call is one that succeeded but took too long. */
export type CountedOutcome = "success" | "slow" | "failure";

/** Decides when a closed circuit opens. */
export interface CircuitTrigger {
  /** Whether `record` looks at `atMs`, so that the breaker reads the clock only where it is needed. */
  readonly usesTime: boolean;
  /** Counts one call that ended at `atMs` (monotonic) and answers whether the circuit has to open. */
  record(outcome: CountedOutcome, atMs: number): boolean;
  /** Forgets every call. */
  reset(): void;
}

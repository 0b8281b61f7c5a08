/** What opened a circuit: its trigger, a probe that failed, or somebody by hand. */
export type OpenCause = "trigger" | "probe" | "manual";

interface StateFacts {
  /** Grows with every change of state; outcomes of calls that began in another generation change nothing. */
  readonly generation: number;
  /** When the state began, on the clock's monotonic scale. */
  readonly sinceMs: number;
}

/**
 * - `closed`: calls pass and are counted.
 * - `open`: calls are refused until `probeAtMs`; the first one after that is a probe. Without traffic it stays open,
 *   because nothing has shown that the dependency is back.
 * - `half-open`: a bounded number of probes is out; further calls are refused.
 * - `isolated`: refused by hand, until closed by hand.
 */
export type CircuitState =
  | (StateFacts & { readonly kind: "closed" })
  | (StateFacts & { readonly kind: "open"; readonly probeAtMs: number; readonly cause: OpenCause })
  | (StateFacts & { readonly kind: "half-open"; readonly probesInFlight: number; readonly probesSucceeded: number })
  | (StateFacts & { readonly kind: "isolated" });

/** `error` is the failure that made the circuit open, where one did. */
export interface CircuitStateChange {
  readonly name: string;
  readonly from: CircuitState;
  readonly to: CircuitState;
  readonly error?: unknown;
}

export type CircuitStateListener = (change: CircuitStateChange) => void;

import type { Clock } from "../clock.js";
import type { CircuitStateListener } from "./circuit-state.js";
import type { CircuitTriggerOptions } from "./create-circuit-trigger.js";
import type { IsFailure } from "./judge-error.js";

export interface HalfOpenOptions {
  /** Probes that may be out at once, and that must succeed in all before the circuit closes. Default 1. */
  probes?: number | undefined;
  /** A probe without an outcome by then counts as a failure and its place is free. Default 10 000 ms. */
  deadlineMs?: number | undefined;
}

export interface CircuitBreakerOptions {
  name: string;
  clock: Clock;
  trigger: CircuitTriggerOptions;
  /** How long calls are refused before the first probe. */
  openForMs: number;
  halfOpen?: HalfOpenOptions | undefined;
  /** From this duration on a success is slow: a bad call for the trigger, a failed probe when half-open. */
  slowCallMs?: number | undefined;
  /** Whose fault an error is. Default: every error is the dependency's. */
  isFailure?: IsFailure | undefined;
  onStateChange?: CircuitStateListener | undefined;
}

export interface OpenOptions {
  /** How long to stay open; default `openForMs`. For a dependency that said when it will be back. */
  forMs?: number | undefined;
}

export interface CloseOptions {
  /** Close only if the state is still of this generation. For a probe whose answer may be late. */
  generation?: number | undefined;
}

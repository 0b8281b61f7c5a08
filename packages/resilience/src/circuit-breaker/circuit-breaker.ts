import { scopeOf, type CallScope } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import type { Clock } from "../clock.js";
import { requireAtLeast, requireCount } from "../require-option.js";
import { ResilienceError } from "../resilience-error.js";
import { runWithTimeout } from "../time-limits/run-with-timeout.js";
import { CallPermit } from "./call-permit.js";
import type { CircuitBreakerOptions, CloseOptions, OpenOptions } from "./circuit-breaker-options.js";
import type { CircuitState, CircuitStateListener, OpenCause } from "./circuit-state.js";
import type { CircuitTrigger } from "./circuit-trigger.js";
import { createCircuitTrigger } from "./create-circuit-trigger.js";
import { judgeError, type CallOutcome, type IsFailure } from "./judge-error.js";

/**
 * Stops calling what keeps failing, and finds out with few calls when it is back.
 *
 * Capacity refusals and calls whose caller lost interest count for nothing. Outcomes belong to the generation in which
 * their call began, so a late one cannot move a newer state. The breaker never aborts a call, except a probe of
 * `execute` at its deadline.
 */
export class CircuitBreaker {
  readonly name: string;
  private readonly clock: Clock;
  private readonly trigger: CircuitTrigger;
  private readonly openForMs: number;
  private readonly maxProbes: number;
  private readonly probeDeadlineMs: number;
  private readonly slowCallMs: number | undefined;
  private readonly isFailure: IsFailure;
  private readonly readsClock: boolean;
  private readonly listeners = new Set<CircuitStateListener>();
  private currentState: CircuitState;

  constructor(options: CircuitBreakerOptions) {
    this.name = options.name;
    this.clock = options.clock;
    this.trigger = createCircuitTrigger(options.trigger);
    this.openForMs = requireAtLeast("openForMs", options.openForMs);
    this.maxProbes = requireCount("halfOpen.probes", options.halfOpen?.probes ?? 1);
    this.probeDeadlineMs = requireAtLeast("halfOpen.deadlineMs", options.halfOpen?.deadlineMs ?? 10_000, 1);
    this.slowCallMs = options.slowCallMs === undefined ? undefined : requireAtLeast("slowCallMs", options.slowCallMs);
    this.isFailure = options.isFailure ?? (() => true);
    this.readsClock = this.trigger.usesTime || this.slowCallMs !== undefined;
    this.currentState = { kind: "closed", generation: 0, sinceMs: this.clock.monotonicMs() };
    if (options.onStateChange !== undefined) this.listeners.add(options.onStateChange);
  }

  get state(): CircuitState {
    return this.currentState;
  }

  /**
   * Runs `operation`, or rejects with `circuit_open` without having begun it. Its own errors are passed on untouched.
   * When half-open, a run that exceeds the probe deadline is aborted and rejects with `timeout`.
   */
  async execute<T>(operation: Operation<T>, options?: CallOptions): Promise<T> {
    const call = scopeOf(options);
    call.throwIfAborted();
    if (this.currentState.kind !== "closed") return this.executeProbe(operation, call);
    const { generation } = this.currentState;
    const startedAtMs = this.timesCalls ? this.clock.monotonicMs() : 0;
    let value: T;
    try {
      value = await operation(call);
    } catch (error) {
      this.settleError(generation, error, call);
      throw error;
    }
    this.settleSuccess(generation, startedAtMs);
    return value;
  }

  /** Whether a call's duration matters here, so that the clock is read only where it is needed. */
  get timesCalls(): boolean {
    return this.slowCallMs !== undefined;
  }

  /** For `runGuarded`: ends a call that began while the circuit was closed. */
  settleSuccess(generation: number, startedAtMs: number): void {
    const durationMs = this.timesCalls ? this.clock.monotonicMs() - startedAtMs : 0;
    this.settleClosed(generation, "success", durationMs);
  }

  /** For `runGuarded`, as `settleSuccess`. */
  settleError(generation: number, error: unknown, call: CallScope): void {
    this.settleClosed(generation, judgeError(error, call, this.isFailure), 0, error);
  }

  /**
   * Takes a permit for a call whose outcome is known later, such as a stream; throws `circuit_open` when refused. Report
   * the outcome exactly once; what comes after the first report is ignored. With `signal`, an error that is reported
   * after it aborted counts for nothing.
   */
  acquire(options?: CallOptions): CallPermit {
    const state = this.admit();
    const { generation } = state;
    const call = scopeOf(options);
    const isProbe = state.kind === "half-open";
    return new CallPermit({
      clock: this.clock,
      name: this.name,
      isProbe,
      deadlineMs: isProbe ? this.probeDeadlineMs : undefined,
      judge: (error) => judgeError(error, call, this.isFailure),
      settle: (outcome, durationMs, error) => this.settle(generation, outcome, durationMs, error),
    });
  }

  /** Opens the circuit now, from any state but `isolated`. */
  open(options?: OpenOptions): void {
    if (this.currentState.kind !== "isolated") this.moveToOpen("manual", options?.forMs ?? this.openForMs, undefined);
  }

  /** Refuses every call until `close`. */
  isolate(): void {
    if (this.currentState.kind === "isolated") return;
    this.moveTo({ kind: "isolated", ...this.nextFacts() });
  }

  /** Closes the circuit and forgets what was counted. Answers whether it is closed now. */
  close(options?: CloseOptions): boolean {
    if (options?.generation !== undefined && options.generation !== this.currentState.generation) {
      return this.currentState.kind === "closed";
    }
    if (this.currentState.kind === "closed") this.trigger.reset();
    else this.moveToClosed();
    return true;
  }

  /**
   * Calls `listener` after every change of state until the returned function is called. An error that it throws
   * surfaces as an uncaught exception, as with an `EventTarget`, never as the outcome of a call.
   */
  onStateChange(listener: CircuitStateListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  private async executeProbe<T>(operation: Operation<T>, call: CallScope): Promise<T> {
    const permit = this.acquire(call);
    const limit = { clock: this.clock, timeoutMs: this.probeDeadlineMs, name: this.name };
    try {
      const value = await runWithTimeout(operation, limit, call);
      permit.succeed();
      return value;
    } catch (error) {
      permit.fail(error);
      throw error;
    }
  }

  /** Lets one call in and answers the state under which it runs. */
  private admit(): CircuitState {
    const state = this.currentState;
    switch (state.kind) {
      case "closed":
        return state;
      case "isolated":
        throw this.createRefusal("is isolated", undefined);
      case "open": {
        const remainingMs = state.probeAtMs - this.clock.monotonicMs();
        if (remainingMs > 0) throw this.createRefusal("is open", remainingMs);
        const halfOpen = { kind: "half-open", ...this.nextFacts(), probesInFlight: 1, probesSucceeded: 0 } as const;
        this.moveTo(halfOpen);
        return halfOpen;
      }
      case "half-open": {
        const { probesInFlight, probesSucceeded } = state;
        if (probesInFlight + probesSucceeded >= this.maxProbes) throw this.createRefusal("is being probed", undefined);
        this.currentState = { ...state, probesInFlight: probesInFlight + 1 };
        return this.currentState;
      }
    }
  }

  private settle(generation: number, outcome: CallOutcome, durationMs: number, error?: unknown): void {
    if (this.currentState.kind === "half-open") this.settleProbe(generation, outcome, durationMs, error);
    else this.settleClosed(generation, outcome, durationMs, error);
  }

  private settleClosed(generation: number, outcome: CallOutcome, durationMs: number, error?: unknown): void {
    const state = this.currentState;
    if (outcome === "ignored" || state.generation !== generation || state.kind !== "closed") return;
    const counted = outcome === "success" && this.isSlow(durationMs) ? "slow" : outcome;
    const mustOpen = this.trigger.record(counted, this.readsClock ? this.clock.monotonicMs() : 0);
    if (mustOpen) this.moveToOpen("trigger", this.openForMs, error);
  }

  private settleProbe(generation: number, outcome: CallOutcome, durationMs: number, error?: unknown): void {
    const state = this.currentState;
    if (state.generation !== generation || state.kind !== "half-open") return;
    if (outcome === "failure" || (outcome === "success" && this.isSlow(durationMs))) {
      this.moveToOpen("probe", this.openForMs, error);
      return;
    }
    const probesInFlight = state.probesInFlight - 1;
    const probesSucceeded = state.probesSucceeded + (outcome === "success" ? 1 : 0);
    if (probesSucceeded >= this.maxProbes) this.moveToClosed();
    else this.currentState = { ...state, probesInFlight, probesSucceeded };
  }

  private isSlow(durationMs: number): boolean {
    return this.slowCallMs !== undefined && durationMs >= this.slowCallMs;
  }

  private moveToOpen(cause: OpenCause, forMs: number, error: unknown): void {
    const facts = this.nextFacts();
    this.moveTo({ kind: "open", ...facts, probeAtMs: facts.sinceMs + forMs, cause }, error);
  }

  private moveToClosed(): void {
    this.trigger.reset();
    this.moveTo({ kind: "closed", ...this.nextFacts() });
  }

  private nextFacts(): { generation: number; sinceMs: number } {
    return { generation: this.currentState.generation + 1, sinceMs: this.clock.monotonicMs() };
  }

  private moveTo(to: CircuitState, error?: unknown): void {
    const from = this.currentState;
    this.currentState = to;
    for (const listener of this.listeners) {
      try {
        listener({ name: this.name, from, to, error });
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }

  private createRefusal(why: string, retryAfterMs: number | undefined): ResilienceError {
    return new ResilienceError("circuit_open", this.name, `circuit ${this.name} ${why}`, { retryAfterMs });
  }
}

export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  return new CircuitBreaker(options);
}

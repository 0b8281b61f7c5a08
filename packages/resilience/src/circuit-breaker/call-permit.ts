import type { Clock, TimerHandle } from "../clock.js";
import { ResilienceError } from "../resilience-error.js";
import type { CallOutcome } from "./judge-error.js";

export interface CallPermitOptions {
  clock: Clock;
  name: string;
  isProbe: boolean;
  /** Settles the permit as failed when no outcome was reported by then. */
  deadlineMs: number | undefined;
  judge: (error: unknown) => CallOutcome;
  settle: (outcome: CallOutcome, durationMs: number, error?: unknown) => void;
}

/** The right to make one call through a breaker, and the duty to say how it went. Only the first report counts. */
export class CallPermit {
  /** Whether this call decides if a half-open circuit closes. */
  readonly isProbe: boolean;
  private readonly options: CallPermitOptions;
  private readonly startedAtMs: number;
  private readonly deadlineTimer: TimerHandle;
  private settled = false;

  constructor(options: CallPermitOptions) {
    const { clock, name, deadlineMs } = options;
    this.options = options;
    this.isProbe = options.isProbe;
    this.startedAtMs = clock.monotonicMs();
    if (deadlineMs !== undefined) {
      this.deadlineTimer = clock.setTimeout(() => {
        this.report("failure", new ResilienceError("timeout", name, `a probe of ${name} took over ${deadlineMs} ms`));
      }, deadlineMs);
    }
  }

  /** The dependency did its part. `latencyMs` (default: since the permit was taken) is held against `slowCallMs`. */
  succeed(latencyMs?: number): void {
    this.report("success", undefined, latencyMs);
  }

  /** The call failed; the breaker judges whose fault that is. */
  fail(error: unknown): void {
    this.report(this.options.judge(error), error);
  }

  /** The call says nothing about the dependency, because it was cancelled or never begun. */
  ignore(): void {
    this.report("ignored");
  }

  private report(outcome: CallOutcome, error?: unknown, latencyMs?: number): void {
    if (this.settled) return;
    this.settled = true;
    const { clock, settle } = this.options;
    if (this.deadlineTimer !== undefined) clock.clearTimeout(this.deadlineTimer);
    settle(outcome, latencyMs ?? clock.monotonicMs() - this.startedAtMs, error);
  }
}

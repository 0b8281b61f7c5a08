import type { Clock, TimerHandle } from "../clock.js";
import type { Operation } from "../call/call.js";
import { requireAtLeast } from "../require-option.js";
import { runWithTimeout } from "../time-limits/run-with-timeout.js";
import type { CircuitBreaker } from "./circuit-breaker.js";
import type { CircuitState, CircuitStateChange } from "./circuit-state.js";

export interface CircuitProberOptions {
  breaker: CircuitBreaker;
  clock: Clock;
  /** A cheap call that shows whether the dependency is back: it resolves if so and rejects if not. */
  probe: Operation<unknown>;
  /** From one probe's end to the next one's start. Default 1000 ms. */
  intervalMs?: number | undefined;
  /** Where the doubling of the interval ends. Default 30 000 ms. */
  maxIntervalMs?: number | undefined;
  /** Default 1000 ms. */
  timeoutMs?: number | undefined;
}

/**
 * Probes a dependency while its circuit is open, independently of traffic, and closes the circuit at the first success. A
 * failed probe changes nothing: the circuit's own time runs on. Where the trigger opens the circuit soon after a probe
 * closed it, the probe proves little; the interval then doubles until the circuit holds.
 */
export class CircuitProber {
  private readonly breaker: CircuitBreaker;
  private readonly clock: Clock;
  private readonly probe: Operation<unknown>;
  private readonly intervalMs: number;
  private readonly maxIntervalMs: number;
  private readonly timeoutMs: number;
  private currentIntervalMs: number;
  private timer: TimerHandle;
  private running: { controller: AbortController; ended: Promise<void> } | undefined;
  private unsubscribe: (() => void) | undefined;
  private closedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: CircuitProberOptions) {
    this.breaker = options.breaker;
    this.clock = options.clock;
    this.probe = options.probe;
    this.intervalMs = requireAtLeast("intervalMs", options.intervalMs ?? 1000, 1);
    this.maxIntervalMs = requireAtLeast("maxIntervalMs", options.maxIntervalMs ?? 30_000, this.intervalMs);
    this.timeoutMs = requireAtLeast("timeoutMs", options.timeoutMs ?? 1000, 1);
    this.currentIntervalMs = this.intervalMs;
  }

  /** Watches the breaker from now on. */
  start(): void {
    if (this.unsubscribe !== undefined) return;
    this.unsubscribe = this.breaker.onStateChange((change) => this.follow(change));
    if (isProbed(this.breaker.state)) this.schedule();
  }

  /** Stops probing, aborts a probe that runs and resolves when it has ended. */
  async stop(): Promise<void> {
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    this.unschedule();
    const { running } = this;
    running?.controller.abort(new DOMException("the prober was stopped", "AbortError"));
    await running?.ended;
  }

  private follow({ from, to }: CircuitStateChange): void {
    if (from.kind === "closed" && to.kind === "open") this.adaptInterval(to.sinceMs);
    if (!isProbed(to)) this.unschedule();
    else if (this.timer === undefined && this.running === undefined) this.schedule();
  }

  private adaptInterval(openedAtMs: number): void {
    const heldMs = openedAtMs - this.closedAtMs;
    this.currentIntervalMs =
      heldMs < this.maxIntervalMs ? Math.min(this.currentIntervalMs * 2, this.maxIntervalMs) : this.intervalMs;
  }

  private schedule(): void {
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      const controller = new AbortController();
      this.running = { controller, ended: this.probeOnce(controller.signal) };
    }, this.currentIntervalMs);
  }

  private unschedule(): void {
    this.clock.clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async probeOnce(signal: AbortSignal): Promise<void> {
    const { generation } = this.breaker.state;
    const { breaker, clock, timeoutMs } = this;
    const limit = { clock, timeoutMs, name: `probe of ${breaker.name}` };
    const isBack = await runWithTimeout(this.probe, limit, { signal }).then(
      () => true,
      () => false,
    );
    this.running = undefined;
    if (this.unsubscribe === undefined) return;
    if (isBack && isProbed(breaker.state) && breaker.close({ generation })) this.closedAtMs = clock.monotonicMs();
    else if (isProbed(breaker.state)) this.schedule();
  }
}

function isProbed(state: CircuitState): boolean {
  return state.kind === "open" || state.kind === "half-open";
}

import { AbortableCall, scopeOf, type CallScope } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import type { Clock, TimerHandle } from "../clock.js";
import { requireAtLeast, requireCount } from "../require-option.js";
import type { RetryBudget } from "./retry-budget.js";

export interface HedgePolicyOptions {
  /** How long a call may be silent before another one is sent beside it. Its 95th percentile is a good choice. */
  delayMs: number;
  /** Calls in all that may run side by side. Default 2. */
  maxCalls?: number | undefined;
  /** Pays for the further calls: the same one that pays for retries. `hedge` itself does not count the first call. */
  budget: RetryBudget;
  onHedge?: ((event: { call: number }) => void) | undefined;
}

export interface HedgeOptions extends HedgePolicyOptions {
  clock: Clock;
}

/**
 * Sends a second call when the first is slow, and takes the first success or the first that commits; the others are
 * aborted, each through a signal of its own. Only for operations that may run twice. It helps against slowness, not
 * against errors: when every running call failed, it rejects with the first error and leaves the rest to `retry`.
 *
 * After "The Tail at Scale" (https://research.google/pubs/the-tail-at-scale/).
 */
export function hedge<T>(operation: Operation<T>, options: HedgeOptions, callOptions?: CallOptions): Promise<T> {
  const caller = scopeOf(callOptions);
  if (caller.aborted) return Promise.reject(caller.reason);
  return new Promise((resolve, reject) => new HedgedCalls(operation, options, caller, resolve, reject).start());
}

class HedgedCalls<T> {
  private readonly operation: Operation<T>;
  private readonly options: HedgeOptions;
  private readonly caller: CallScope;
  private readonly resolve: (value: T) => void;
  private readonly reject: (reason: unknown) => void;
  private readonly delayMs: number;
  private readonly maxCalls: number;
  private readonly running = new Set<AbortableCall>();
  private readonly cancel = (): void => this.finish(this.caller.reason);
  private calls = 0;
  private timer: TimerHandle;
  private firstError: { error: unknown } | undefined;

  constructor(
    operation: Operation<T>,
    options: HedgeOptions,
    caller: CallScope,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
  ) {
    this.operation = operation;
    this.options = options;
    this.caller = caller;
    this.resolve = resolve;
    this.reject = reject;
    this.delayMs = requireAtLeast("delayMs", options.delayMs);
    this.maxCalls = requireCount("maxCalls", options.maxCalls ?? 2);
  }

  start(): void {
    this.caller.addAbortListener(this.cancel);
    this.send();
  }

  private send(): void {
    this.calls += 1;
    const call: AbortableCall = new AbortableCall(this.caller, () => this.keepOnly(call));
    this.running.add(call);
    if (this.calls < this.maxCalls) {
      this.timer = this.options.clock.setTimeout(() => this.sendAnother(), this.delayMs);
    }
    new Promise<T>((resolve) => {
      resolve(this.operation(call));
    }).then(
      (value) => this.succeed(call, value),
      (error: unknown) => this.fail(call, error),
    );
  }

  private sendAnother(): void {
    if (!this.options.budget.tryWithdraw()) return;
    this.options.onHedge?.({ call: this.calls + 1 });
    this.send();
  }

  private succeed(call: AbortableCall, value: T): void {
    if (!this.running.has(call)) return;
    this.keepOnly(call);
    this.resolve(value);
    this.finish(undefined);
  }

  private fail(call: AbortableCall, error: unknown): void {
    if (!this.running.delete(call)) return;
    this.firstError ??= { error };
    if (this.running.size === 0) this.finish(this.firstError.error);
  }

  /** Aborts every call but one, and sends no more. */
  private keepOnly(kept: AbortableCall): void {
    if (!this.running.has(kept)) return;
    this.options.clock.clearTimeout(this.timer);
    for (const call of this.running) {
      if (call === kept) continue;
      this.running.delete(call);
      call.abort(new DOMException("another call answered first", "AbortError"));
    }
  }

  private finish(reason: unknown): void {
    this.options.clock.clearTimeout(this.timer);
    this.caller.removeAbortListener(this.cancel);
    this.reject(reason);
    const running = [...this.running];
    this.running.clear();
    if (this.caller.aborted) for (const call of running) call.abort(this.caller.reason);
  }
}

import { AbortableCall, type CallScope } from "../call/call-scope.js";
import type { Operation } from "../call/call.js";
import type { CircuitBreaker } from "../circuit-breaker/circuit-breaker.js";
import type { Clock, TimerHandle } from "../clock.js";
import type { Bulkhead } from "../concurrency/bulkhead.js";
import { createTimeoutError, type TimeoutOptions } from "../time-limits/run-with-timeout.js";

/** What stands around one try of an operation. */
export interface Guards {
  clock: Clock;
  breaker: CircuitBreaker | undefined;
  bulkhead: Bulkhead | undefined;
  limit: TimeoutOptions | undefined;
}

/**
 * Runs `operation` as breaker, bulkhead and timeout would around each other, in one step instead of three: with a promise
 * for each layer, the layers would cost more than twice as much. Answers `undefined` when there is something to wait for
 * or to refuse, which is left to the layers themselves.
 */
export function runGuarded<T>(operation: Operation<T>, guards: Guards, caller: CallScope): Promise<T> | undefined {
  const { breaker, bulkhead } = guards;
  if (caller.aborted || (breaker !== undefined && breaker.state.kind !== "closed")) return undefined;
  if (bulkhead !== undefined && !bulkhead.tryEnter()) return undefined;
  return new Promise<T>((resolve, reject) => {
    const call = new GuardedCall(guards, caller, reject);
    try {
      Promise.resolve(operation(call)).then(
        (value) => {
          call.succeed();
          return resolve(value);
        },
        (error: unknown) => call.fail(error),
      );
    } catch (error) {
      call.fail(error);
    }
  });
}

/** One try under guards, from its admission to its end. Only the first end counts. */
class GuardedCall extends AbortableCall {
  private readonly guards: Guards;
  private readonly reject: (reason: unknown) => void;
  private readonly generation: number;
  private readonly inFlight: number;
  private readonly startedAtMs: number;
  private readonly timer: TimerHandle;
  private readonly cancel: (() => void) | undefined;
  private ended = false;

  constructor(guards: Guards, caller: CallScope, reject: (reason: unknown) => void) {
    super(caller);
    const { breaker, bulkhead, clock, limit } = guards;
    this.guards = guards;
    this.reject = reject;
    this.generation = breaker?.state.generation ?? 0;
    this.inFlight = bulkhead?.running ?? 0;
    this.startedAtMs = breaker?.timesCalls === true || bulkhead?.timesCalls === true ? clock.monotonicMs() : 0;
    this.timer =
      limit === undefined ? undefined : clock.setTimeout(() => this.stop(createTimeoutError(limit)), limit.timeoutMs);
    this.cancel = caller.abortable ? () => this.stop(caller.reason) : undefined;
    if (this.cancel !== undefined) caller.addAbortListener(this.cancel);
  }

  succeed(): void {
    if (!this.end()) return;
    this.guards.bulkhead?.leave(this.startedAtMs, this.inFlight);
    this.guards.breaker?.settleSuccess(this.generation, this.startedAtMs);
  }

  fail(error: unknown): void {
    if (!this.end()) return;
    this.guards.bulkhead?.leaveFailed(error, this.startedAtMs, this.inFlight);
    this.guards.breaker?.settleError(this.generation, error, this.parent);
    this.reject(error);
  }

  private stop(reason: unknown): void {
    this.fail(reason);
    this.abort(reason);
  }

  private end(): boolean {
    if (this.ended) return false;
    this.ended = true;
    if (this.timer !== undefined) this.guards.clock.clearTimeout(this.timer);
    if (this.cancel !== undefined) this.parent.removeAbortListener(this.cancel);
    return true;
  }
}

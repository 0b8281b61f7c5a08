import { AbortableCall, scopeOf, type CallScope } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import type { Clock, TimerHandle } from "../clock.js";
import { ResilienceError } from "../resilience-error.js";

export interface TimeoutOptions {
  clock: Clock;
  timeoutMs: number;
  /** Names the policy in the error. */
  name: string;
  /** Makes the error of the time limit; absent: a `ResilienceError` with the code `timeout`. */
  createError?: (() => Error) | undefined;
}

/**
 * Runs `operation` for at most `timeoutMs`. At the limit the promise rejects at once, even if the operation pays no heed,
 * and the signal of this call, which no other call shares, aborts with the same error. The caller's abort is passed on
 * with its reason. What the operation does after that is dropped, its rejection included.
 */
export function runWithTimeout<T>(
  operation: Operation<T>,
  options: TimeoutOptions,
  callOptions?: CallOptions,
): Promise<T> {
  const caller = scopeOf(callOptions);
  if (caller.aborted) return Promise.reject(caller.reason);
  return new Promise<T>((resolve, reject) => {
    const call = new TimedCall(caller, options, reject);
    const fail = (error: unknown): void => {
      call.release();
      reject(error);
    };
    try {
      Promise.resolve(operation(call)).then((value) => {
        call.release();
        return resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** The scope of a call with a time limit, from its start until `release`. */
class TimedCall extends AbortableCall {
  private readonly options: TimeoutOptions;
  private readonly reject: (reason: unknown) => void;
  private readonly timer: TimerHandle;
  private readonly cancel: (() => void) | undefined;

  constructor(caller: CallScope, options: TimeoutOptions, reject: (reason: unknown) => void) {
    super(caller);
    this.options = options;
    this.reject = reject;
    this.timer = options.clock.setTimeout(() => this.stop(createTimeoutError(options)), options.timeoutMs);
    this.cancel = caller.abortable ? () => this.stop(caller.reason) : undefined;
    if (this.cancel !== undefined) caller.addAbortListener(this.cancel);
  }

  release(): void {
    this.options.clock.clearTimeout(this.timer);
    if (this.cancel !== undefined) this.parent.removeAbortListener(this.cancel);
  }

  private stop(reason: unknown): void {
    this.release();
    this.reject(reason);
    this.abort(reason);
  }
}

/** The error of a time limit. */
export function createTimeoutError({ createError, name, timeoutMs }: TimeoutOptions): Error {
  return createError?.() ?? new ResilienceError("timeout", name, `${name} took longer than ${timeoutMs} ms`);
}

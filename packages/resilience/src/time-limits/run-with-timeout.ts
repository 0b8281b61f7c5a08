import { AbortableCall, scopeOf } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import type { Clock } from "../clock.js";
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
    const { clock } = options;
    const call = new AbortableCall(caller);
    const stop = (reason: unknown): void => {
      release();
      reject(reason);
      call.abort(reason);
    };
    const cancel = (): void => stop(caller.reason);
    const timer = clock.setTimeout(() => stop(createTimeoutError(options)), options.timeoutMs);
    caller.addAbortListener(cancel);

    function release(): void {
      clock.clearTimeout(timer);
      caller.removeAbortListener(cancel);
    }
    function succeed(value: T): void {
      release();
      resolve(value);
    }
    function fail(error: unknown): void {
      release();
      reject(error);
    }

    try {
      Promise.resolve(operation(call)).then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function createTimeoutError({ createError, name, timeoutMs }: TimeoutOptions): Error {
  return createError?.() ?? new ResilienceError("timeout", name, `${name} took longer than ${timeoutMs} ms`);
}

import type { Clock } from "../clock.js";
import type { CallOptions, Operation } from "../operation.js";
import { ResilienceError } from "../resilience-error.js";

export interface TimeoutOptions extends CallOptions {
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
export function runWithTimeout<T>(operation: Operation<T>, options: TimeoutOptions): Promise<T> {
  const { clock, timeoutMs, signal } = options;
  if (signal?.aborted === true) return Promise.reject(signal.reason);
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const timer = clock.setTimeout(() => stop(createTimeoutError(options)), timeoutMs);
    const cancel = signal === undefined ? undefined : () => stop(signal.reason);
    if (cancel !== undefined) signal?.addEventListener("abort", cancel);

    function release(): void {
      clock.clearTimeout(timer);
      if (cancel !== undefined) signal?.removeEventListener("abort", cancel);
    }
    function stop(reason: unknown): void {
      release();
      reject(reason);
      controller.abort(reason);
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
      Promise.resolve(operation(controller.signal)).then(succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function createTimeoutError({ createError, name, timeoutMs }: TimeoutOptions): Error {
  return createError?.() ?? new ResilienceError("timeout", name, `${name} took longer than ${timeoutMs} ms`);
}

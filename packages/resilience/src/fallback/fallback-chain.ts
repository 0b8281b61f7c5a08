import { scopeOf } from "../call/call-scope.js";
import type { CallOptions, Operation } from "../call/call.js";
import { ResilienceError } from "../resilience-error.js";

export interface FallbackStep<T> {
  name: string;
  run: Operation<T>;
}

export interface FailedStep {
  step: string;
  error: unknown;
}

/** An answer and where it came from. */
export interface ServedValue<T> {
  value: T;
  /** The name of the step that answered. */
  servedBy: string;
  /** Its place in the chain; above 0 a fallback answered. */
  stepIndex: number;
  /** The steps before it, in order. */
  failures: FailedStep[];
}

export interface FallbackOptions {
  /** Names the chain in the error. */
  name: string;
  /** Whether the next step may be tried after this error. Default: always. */
  shouldFallBack?: ((error: unknown, step: string) => boolean) | undefined;
  onFallback?: ((event: { from: string; to: string; error: unknown }) => void) | undefined;
}

/**
 * Tries the steps in order and says which one served. A cancelled call ends the chain at once with the error of its step.
 * An error that forbids falling back is passed on as it is; when every step failed, the error is `fallbacks_exhausted`
 * with an `AggregateError` of all of them as its cause.
 */
export async function runFallbackChain<T>(
  steps: readonly [FallbackStep<T>, ...FallbackStep<T>[]],
  options: FallbackOptions,
  callOptions?: CallOptions,
): Promise<ServedValue<T>> {
  const { name, shouldFallBack, onFallback } = options;
  const call = scopeOf(callOptions);
  const failures: FailedStep[] = [];
  for (const [stepIndex, step] of steps.entries()) {
    call.throwIfAborted();
    try {
      return { value: await step.run(call), servedBy: step.name, stepIndex, failures };
    } catch (error) {
      if (call.aborted || shouldFallBack?.(error, step.name) === false) throw error;
      failures.push({ step: step.name, error });
      const next = steps[stepIndex + 1];
      if (next !== undefined) onFallback?.({ from: step.name, to: next.name, error });
    }
  }
  const errors = failures.map(({ error }) => error);
  throw new ResilienceError("fallbacks_exhausted", name, `every step of ${name} failed`, {
    cause: new AggregateError(errors, failures.map(({ step }) => step).join(", ")),
  });
}

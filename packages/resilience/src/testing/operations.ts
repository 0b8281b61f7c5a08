import type { Call } from "../call/call.js";

/** Never settles by itself and, unlike a well-behaved operation, takes no notice of its signal. */
export function hang(): Promise<never> {
  return new Promise(() => undefined);
}

/** Settles only when the call is aborted: with the abort reason. */
export function rejectOnAbort({ signal }: Call): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function defer<T>(): Deferred<T> {
  const parts = {} as { -readonly [Key in keyof Deferred<T>]: Deferred<T>[Key] };
  parts.promise = new Promise<T>((resolve, reject) => {
    parts.resolve = resolve;
    parts.reject = reject;
  });
  return parts;
}

import type { Clock } from "./clock.js";

export interface WaitOptions {
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** Resolves after `delayMs`; rejects with the abort reason as soon as `signal` aborts. */
export function waitFor(delayMs: number, { clock, signal }: WaitOptions): Promise<void> {
  if (signal?.aborted === true) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener("abort", cancel);
      resolve();
    }, delayMs);
    const cancel = (): void => {
      clock.clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", cancel, { once: true });
  });
}

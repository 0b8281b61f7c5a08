import { toAbortError } from "./abort-error.js";

/** Resolves after `delayMs`; rejects as `toAbortError` says as soon as `signal` aborts. */
export function waitUnlessAborted(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(toAbortError(signal));
      return;
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(toAbortError(signal));
    };
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

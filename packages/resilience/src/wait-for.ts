import type { CallScope } from "./call/call-scope.js";
import type { Clock } from "./clock.js";

/** Resolves after `delayMs`; rejects with the abort reason as soon as `call` aborts. */
export function waitFor(delayMs: number, call: CallScope, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      call.removeAbortListener(cancel);
      resolve();
    }, delayMs);
    const cancel = (): void => {
      clock.clearTimeout(timer);
      call.removeAbortListener(cancel);
      reject(call.reason);
    };
    call.addAbortListener(cancel);
  });
}

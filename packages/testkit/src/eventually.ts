import { setTimeout as delay } from "node:timers/promises";

export interface EventuallyOptions {
  /** How long the assertion may fail. Default 5 000. */
  timeoutMs?: number;
  /** Pause between two tries. Default 10. */
  intervalMs?: number;
}

/** Calls `assertion` until it stops throwing and returns what it returned; throws its last error after `timeoutMs`. */
export async function eventually<T>(assertion: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 5_000, intervalMs = 10 } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (thrown) {
      if (performance.now() >= deadline) throw thrown;
      await delay(intervalMs);
    }
  }
}

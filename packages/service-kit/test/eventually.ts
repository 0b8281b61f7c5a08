import { setTimeout as delay } from "node:timers/promises";

/** Calls `look` until it stops throwing and returns what it returned; throws its last error after `timeoutMs`. */
export async function eventually<T>(look: () => T | Promise<T>, timeoutMs = 20_000): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (performance.now() >= deadlineMs) throw error;
      await delay(10);
    }
  }
}

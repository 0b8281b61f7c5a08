import { setTimeout as wait } from "node:timers/promises";

const POLL_INTERVAL_MS = 20;

/** Polls until `condition` holds; throws naming `what` when it does not within `timeoutMs`. */
export async function waitUntil(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await wait(POLL_INTERVAL_MS);
  }
}

import type { Clock } from "../clock.js";

export type Outcome<T> =
  | { readonly status: "done"; readonly value: T }
  | { readonly status: "failed"; readonly error: unknown }
  | { readonly status: "late" };

/**
 * Runs a task and waits for it for `timeoutMs` at most; `late` means that it still runs, unobserved. A task is given its
 * chance even when there is no time left, and counts as done when it needs none. Never rejects.
 */
export async function settleWithin<T>(
  task: () => Promise<T> | T,
  timeoutMs: number,
  clock: Clock,
): Promise<Outcome<T>> {
  const running = runTask(task);
  let timer: ReturnType<Clock["setTimeout"]> | undefined;
  const late = new Promise<Outcome<T>>((resolve) => {
    timer = clock.setTimeout(() => resolve({ status: "late" }), Math.max(0, timeoutMs));
  });
  const outcome = await Promise.race([running, late]);
  clock.clearTimeout(timer);
  return outcome;
}

async function runTask<T>(task: () => Promise<T> | T): Promise<Outcome<T>> {
  try {
    return { status: "done", value: await task() };
  } catch (error) {
    return { status: "failed", error };
  }
}

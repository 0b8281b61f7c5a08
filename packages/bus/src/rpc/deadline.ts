import { AsyncLocalStorage } from "node:async_hooks";
import { OrchestraError } from "@ai-orchestra/contracts";

/** Carries the deadline of the call that is being handled to the calls that its handler makes. */
export class DeadlineScope {
  /** Epoch milliseconds. */
  readonly #deadlineAt = new AsyncLocalStorage<number>();

  /** Runs `work` so that `limit` sees the deadline, in everything `work` starts. */
  run<A extends unknown[], R>(deadlineAt: number, work: (...args: A) => R, ...args: A): R {
    return this.#deadlineAt.run(deadlineAt, work, ...args);
  }

  /**
   * The time a call may take: what it asks for, or what is left of the call being handled if that is less.
   *
   * @throws OrchestraError `timeout` when nothing is left
   */
  limit(timeoutMs: number, subject: string): number {
    const deadlineAt = this.#deadlineAt.getStore();
    if (deadlineAt === undefined) return timeoutMs;
    const leftMs = deadlineAt - Date.now();
    if (leftMs <= 0) {
      throw new OrchestraError(
        "timeout",
        `no time is left to call ${subject}: the incoming call's deadline has passed`,
      );
    }
    return leftMs < timeoutMs ? leftMs : timeoutMs;
  }
}

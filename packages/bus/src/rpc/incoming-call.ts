import { OrchestraError } from "@ai-orchestra/contracts";
import type { DeadlineSweep, Expiring } from "./deadline-sweep.js";

/** What a handler knows about the call it answers. */
export interface CallContext {
  /** Aborted at the deadline with an OrchestraError `timeout` as its reason. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, in epoch milliseconds. */
  readonly deadlineAt: number;
}

/** The context of one incoming call; the abort signal is only made for a handler that asks for it. */
export class IncomingCall implements CallContext, Expiring {
  readonly deadlineAt: number;
  readonly expiresAtMs: number;
  readonly #deadlines: DeadlineSweep;
  #controller: AbortController | undefined;

  constructor(timeoutMs: number, deadlines: DeadlineSweep) {
    this.deadlineAt = Date.now() + timeoutMs;
    this.expiresAtMs = performance.now() + timeoutMs;
    this.#deadlines = deadlines;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (performance.now() >= this.expiresAtMs) this.expire();
      else this.#deadlines.add(this);
    }
    return this.#controller.signal;
  }

  expire(): void {
    this.#controller?.abort(new OrchestraError("timeout", "the caller's deadline has passed"));
  }

  /** The handler is done: the signal will not fire any more. */
  finish(): void {
    if (this.#controller !== undefined) this.#deadlines.delete(this);
  }
}

import { OrchestraError } from "@ai-orchestra/contracts";
import { DeadlineSweep, type Expiring } from "./deadline-sweep.js";

/** What a handler knows about the call it answers. */
export interface CallContext {
  /** Aborted at the deadline with an OrchestraError `timeout` as its reason. */
  readonly signal: AbortSignal;
  /** When the caller stops waiting, in epoch milliseconds. */
  readonly deadlineAt: number;
}

/** The incoming calls whose handler asked for the signal. */
export class IncomingDeadlines {
  readonly #calls = new Set<IncomingCall>();
  readonly #sweep = new DeadlineSweep(() => this.#calls);

  add(call: IncomingCall): void {
    this.#calls.add(call);
    this.#sweep.expect(call.expiresAtMs);
  }

  delete(call: IncomingCall): void {
    this.#calls.delete(call);
  }

  stop(): void {
    this.#sweep.stop();
  }
}

/** The context of one incoming call; the abort signal is only made for a handler that asks for it. */
export class IncomingCall implements CallContext, Expiring {
  readonly deadlineAt: number;
  expiresAtMs = Number.POSITIVE_INFINITY;
  readonly #deadlines: IncomingDeadlines;
  #controller: AbortController | undefined;

  constructor(timeoutMs: number, deadlines: IncomingDeadlines) {
    this.deadlineAt = Date.now() + timeoutMs;
    this.#deadlines = deadlines;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      const leftMs = this.deadlineAt - Date.now();
      this.expiresAtMs = performance.now() + leftMs;
      if (leftMs <= 0) this.expire();
      else this.#deadlines.add(this);
    }
    return this.#controller.signal;
  }

  expire(): void {
    this.#deadlines.delete(this);
    this.#controller?.abort(new OrchestraError("timeout", "the caller's deadline has passed"));
  }

  /** The handler is done: the signal will not fire any more. */
  finish(): void {
    if (this.#controller !== undefined) this.#deadlines.delete(this);
  }
}

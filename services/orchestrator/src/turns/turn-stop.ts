/**
 * Why a running attempt must stop before its answer is whole. `cancelled` and `timeout` end the turn with a result;
 * `superseded` (another attempt has the turn) and `handover` (this process is going away) leave it to somebody else.
 */
export type StopReason = "cancelled" | "timeout" | "superseded" | "handover";

/** The one switch of an attempt. The first reason stands. */
export class TurnStop {
  readonly #controller = new AbortController();
  #reason: StopReason | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get reason(): StopReason | undefined {
    return this.#reason;
  }

  stop(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller.abort(reason);
  }
}

/** What an operation is told about the call it runs for. */
export interface Call {
  /**
   * Aborts when the operation has to stop; policies do not wait for one that does not. Made when it is first read, since
   * a signal costs more than everything else a policy does: read it where it is passed on, and only there.
   */
  readonly signal: AbortSignal;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** From here on the call has effects that a repetition would double, such as a first token: never retry it. */
  commit(): void;
}

/** Work under a policy. */
export type Operation<T> = (call: Call) => PromiseLike<T> | T;

export interface CallOptions {
  /** The caller's own cancellation. Absent: the call cannot be cancelled from outside. */
  signal?: AbortSignal | undefined;
}

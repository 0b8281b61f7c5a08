/** Work under a policy. It has to stop when `signal` aborts; policies do not wait for one that does not. */
export type Operation<T> = (signal: AbortSignal) => PromiseLike<T> | T;

export interface CallOptions {
  /** The caller's own cancellation. Absent: the call cannot be cancelled from outside. */
  signal?: AbortSignal | undefined;
}

/** The caller's signal, or a fresh one that nothing aborts: never one that several calls share. */
export function signalOf(options: CallOptions | undefined): AbortSignal {
  return options?.signal ?? new AbortController().signal;
}

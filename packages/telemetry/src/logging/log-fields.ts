import { AsyncLocalStorage } from "node:async_hooks";

/** What ties a log line to the work it belongs to. */
export interface LogFields {
  readonly turnId?: string;
  readonly sessionId?: string;
  readonly owner?: string;
  readonly attempt?: number;
  readonly connectionId?: string;
  readonly requestId?: string;
}

const activeFields = new AsyncLocalStorage<LogFields>();

/** Runs `fn` so that every line logged inside it, across awaits too, carries these fields on top of those already active. */
export function withLogFields<T>(fields: LogFields, fn: () => T): T {
  return activeFields.run({ ...activeFields.getStore(), ...fields }, fn);
}

/** The fields that are active here; undefined outside of `withLogFields`. */
export function activeLogFields(): LogFields | undefined {
  return activeFields.getStore();
}

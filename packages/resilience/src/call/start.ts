import type { Call, Operation } from "./call.js";

/** Runs an operation so that whatever it throws becomes a rejection. */
export function start<T>(operation: Operation<T>, call: Call): Promise<T> {
  try {
    return Promise.resolve(operation(call));
  } catch (error) {
    return Promise.reject(error);
  }
}

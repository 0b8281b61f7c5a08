/** Stable reasons for which a stack, or a part of it, does not start. */
export type StackErrorCode =
  | "usage"
  | "port_taken"
  | "binary_missing"
  | "data_dir_in_use"
  | "not_built"
  | "config_invalid"
  | "server_unreachable"
  | "start_failed"
  | "start_timeout"
  | "stopped";

/** An error whose message is one line for a person: what is wrong and how to cure it. */
export class StackError extends Error {
  override readonly name = "StackError";
  readonly code: StackErrorCode;

  constructor(code: StackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

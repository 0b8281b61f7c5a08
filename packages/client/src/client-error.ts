import type { ErrorCode, ErrorFrame, TurnFailedFrame } from "@ai-orchestra/contracts";

/** The protocol's codes, and those that only a client can meet. */
export type ClientErrorCode =
  | ErrorCode
  /** The client was closed, by the program or by a close code that forbids a reconnect. */
  | "client_closed"
  /** More turns wait for the connection than `maxQueuedTurns` allows. */
  | "queue_full"
  /** The answer began again with other text and nobody gave `onRestart`. */
  | "text_restarted"
  /** A reader of `turn.events` fell too far behind. */
  | "slow_reader";

export interface ClientErrorOptions {
  /** Whether the same call may succeed later, unchanged. */
  retryable?: boolean | undefined;
  /** How long to wait before that, in milliseconds, where the server said so. */
  retryAfterMs?: number | undefined;
  /** The WebSocket close code, where one ended the connection. */
  closeCode?: number | undefined;
  turnId?: string | undefined;
  /** What a failed or cancelled turn had answered so far. */
  partialText?: string | undefined;
  cause?: unknown;
}

/** The only error this package rejects with. Branch on `code`; the message is for people. */
export class OrchestraClientError extends Error {
  override readonly name = "OrchestraClientError";
  readonly code: ClientErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly closeCode: number | undefined;
  readonly turnId: string | undefined;
  readonly partialText: string | undefined;

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.closeCode = options.closeCode;
    this.turnId = options.turnId;
    this.partialText = options.partialText;
  }
}

/** The error that an `error` or `turn.failed` frame stands for. */
export function toClientError(frame: ErrorFrame | TurnFailedFrame): OrchestraClientError {
  return new OrchestraClientError(frame.code, frame.message, frame);
}

/** Wraps anything thrown; an `OrchestraClientError` stays what it is, the rest becomes `unavailable`, to be retried. */
export function asClientError(thrown: unknown, message: string): OrchestraClientError {
  if (thrown instanceof OrchestraClientError) return thrown;
  return new OrchestraClientError("unavailable", message, { retryable: true, cause: thrown });
}

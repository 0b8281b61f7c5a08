interface ResilienceCodeFacts {
  /** The work was turned away before it began, so its dependency is not to blame and nothing was done. */
  readonly refused: boolean;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
}

/** Every way in which a policy, rather than the work under it, ends a call. */
export const RESILIENCE_CODES = {
  circuit_open: { refused: true, retryable: true },
  queue_full: { refused: true, retryable: true },
  queue_timeout: { refused: true, retryable: true },
  concurrency_limited: { refused: true, retryable: true },
  load_shed: { refused: true, retryable: true },
  timeout: { refused: false, retryable: true },
  deadline_exceeded: { refused: false, retryable: false },
  fallbacks_exhausted: { refused: false, retryable: true },
} as const satisfies Record<string, ResilienceCodeFacts>;

export type ResilienceCode = keyof typeof RESILIENCE_CODES;

export interface ResilienceErrorOptions {
  /** Milliseconds before which the same call cannot succeed. */
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** The error of a policy. Errors of the work itself are passed on as they are, never wrapped. */
export class ResilienceError extends Error {
  override readonly name = "ResilienceError";
  readonly code: ResilienceCode;
  /** The name of the breaker, bulkhead or other policy that ended the call. */
  readonly policy: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: ResilienceCode, policy: string, message: string, options: ResilienceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.policy = policy;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the work was turned away before it began. */
  get refused(): boolean {
    return RESILIENCE_CODES[this.code].refused;
  }

  get retryable(): boolean {
    return RESILIENCE_CODES[this.code].retryable;
  }
}

/** Whether `reason` is that of a time limit, ours or anybody's, rather than of somebody who lost interest. */
export function isTimeLimit(reason: unknown): boolean {
  if (typeof reason !== "object" || reason === null) return false;
  const { code, name } = reason as { code?: unknown; name?: unknown };
  return code === "timeout" || code === "deadline_exceeded" || name === "TimeoutError";
}

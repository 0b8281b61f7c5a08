import { z } from "zod";

interface ErrorCodeFacts {
  /** HTTP status of an answer with this code. */
  readonly status: number;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
}

/** Every error code there is, the same over WebSocket, HTTP and the bus. */
export const ERROR_CODES = {
  invalid_request: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  conflict: { status: 409, retryable: false },
  session_busy: { status: 409, retryable: true },
  too_large: { status: 413, retryable: false },
  rate_limited: { status: 429, retryable: true },
  connection_limit: { status: 429, retryable: true },
  overloaded: { status: 503, retryable: true },
  maintenance: { status: 503, retryable: true },
  timeout: { status: 504, retryable: true },
  cancelled: { status: 499, retryable: false },
  provider_error: { status: 502, retryable: false },
  provider_unavailable: { status: 503, retryable: true },
  attempts_exhausted: { status: 500, retryable: false },
  unavailable: { status: 503, retryable: true },
  internal: { status: 500, retryable: false },
} as const satisfies Record<string, ErrorCodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

export const errorCodeSchema = z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]);

export const errorDetailSchema = z
  .object({ path: z.string().describe("Dotted path; empty for the whole."), message: z.string() })
  .describe("One field that is wrong.");

export type ErrorDetail = z.infer<typeof errorDetailSchema>;

/** An error as data: what crosses the bus, and the inside of an HTTP error body. */
export const errorEnvelopeSchema = z.object({
  code: errorCodeSchema,
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().nonnegative().optional(),
  details: z.array(errorDetailSchema).optional(),
});

export type ErrorEnvelope = z.infer<typeof errorEnvelopeSchema>;

export const errorBodySchema = z
  .object({
    error: z.object({
      code: errorCodeSchema,
      message: z.string().describe("For people; may change."),
      details: z.array(errorDetailSchema).optional().describe("The fields that are wrong."),
      requestId: z.string().describe("The same as in the header `x-request-id`; find it in the logs."),
    }),
  })
  .describe("The body of every HTTP error.");

export interface OrchestraErrorOptions {
  /** Overrides the default of the code. */
  retryable?: boolean | undefined;
  retryAfterMs?: number | undefined;
  details?: ErrorDetail[] | undefined;
  cause?: unknown;
}

/** An error with a stable code. The message is meant for the client: it never holds secrets or another user's text. */
export class OrchestraError extends Error {
  override readonly name = "OrchestraError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: ErrorDetail[] | undefined;

  constructor(code: ErrorCode, message: string, options: OrchestraErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  /** The HTTP status that fits the code. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  toEnvelope(): ErrorEnvelope {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }

  static fromEnvelope(envelope: ErrorEnvelope): OrchestraError {
    return new OrchestraError(envelope.code, envelope.message, envelope);
  }

  /** Wraps anything thrown: an `OrchestraError` stays what it is, the rest becomes `internal` with a neutral message. */
  static from(thrown: unknown): OrchestraError {
    if (thrown instanceof OrchestraError) return thrown;
    return new OrchestraError("internal", "something went wrong inside the server", { cause: thrown });
  }
}

/** Turns a failed zod parse into an `invalid_request` that names every wrong field. */
export function toInvalidRequest(error: z.ZodError, what: string): OrchestraError {
  const details = error.issues.slice(0, 20).map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issue.message,
  }));
  const first = details[0];
  const where = first === undefined ? "" : `: ${first.path === "" ? "" : `${first.path} `}${first.message}`;
  return new OrchestraError("invalid_request", `${what} is not valid${where}`, { details, cause: error });
}

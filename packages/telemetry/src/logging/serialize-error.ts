/** An error as it stands in a log line. */
export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly stack?: string;
  readonly cause?: SerializedError | string;
  readonly errors?: readonly (SerializedError | string)[];
}

const MAX_CAUSES = 5;
const MAX_AGGREGATED = 5;

/**
 * Reduces an error to type, code, message, stack and cause. Every other property is left out on purpose: libraries hang
 * whole requests, with their headers and bodies, on their errors. Causes are followed five deep, and of an
 * `AggregateError` the first five are kept. What is not an error becomes its string.
 */
export function serializeError(thrown: unknown): SerializedError | string {
  return serialize(thrown, 0);
}

function serialize(thrown: unknown, depth: number): SerializedError | string {
  if (!(thrown instanceof Error)) return typeof thrown === "string" ? thrown : describe(thrown);
  const code: unknown = "code" in thrown ? thrown.code : undefined;
  const message = quotesInput(thrown) ? "malformed JSON" : thrown.message;
  return {
    type: thrown.name,
    message,
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    ...(thrown.stack === undefined ? {} : { stack: thrown.stack.replace(thrown.message, () => message) }),
    ...(thrown.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: serialize(thrown.cause, depth + 1) }),
    ...(thrown instanceof AggregateError && depth < MAX_CAUSES
      ? { errors: thrown.errors.slice(0, MAX_AGGREGATED).map((one) => serialize(one, depth + 1)) }
      : {}),
  };
}

/** `JSON.parse` repeats a piece of what it was given: `Unexpected token 'm', "my diary" is not valid JSON`. */
function quotesInput(error: Error): boolean {
  return error instanceof SyntaxError && error.message.endsWith("is not valid JSON");
}

/** Only the kind of a thrown non-error is told: its content could be anything, a request body included. */
function describe(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null) return `thrown ${thrown.constructor?.name ?? "object"}`;
  return String(thrown);
}

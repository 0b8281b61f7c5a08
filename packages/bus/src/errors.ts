import { AuthorizationError, PermissionViolationError } from "@nats-io/nats-core";
import { JetStreamApiError } from "@nats-io/jetstream";
import { errorEnvelopeSchema, OrchestraError } from "@ai-orchestra/contracts";

/** JetStream's `err_code`s that mean something to this package. */
export const JETSTREAM_ERRORS = {
  /** A limit of the stream (messages, bytes, messages per subject) refused the message. */
  storeFailed: 10077,
  insufficientResources: 10023,
  memoryResourcesExceeded: 10028,
  storageResourcesExceeded: 10047,
  messageTooLarge: 10054,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  wrongLastSequence: 10071,
  messageNotFound: 10037,
} as const;

/** The status of JetStream errors that pass; with any other, the same request fails again. */
const TEMPORARILY_UNAVAILABLE = 503;

/** How long a caller should wait before it offers a message to a full stream again. */
const FULL_RETRY_AFTER_MS = 1_000;

/** The bus is not there, or nobody listens: retryable. */
export function unavailable(message: string, cause?: unknown): OrchestraError {
  return new OrchestraError("unavailable", message, { cause });
}

/** The server's permissions do not let this user publish there. */
export function forbidden(subject: string, cause?: unknown): OrchestraError {
  return new OrchestraError("forbidden", `the bus does not permit ${subject}`, { cause });
}

/** Whether the server's permissions refused what was asked for. */
export function isForbidden(thrown: unknown): boolean {
  if (thrown instanceof PermissionViolationError) return true;
  return thrown instanceof Error && thrown.cause instanceof PermissionViolationError;
}

/** No answer in time. */
export function timedOut(subject: string, timeoutMs: number): OrchestraError {
  return new OrchestraError("timeout", `${subject} did not answer within ${timeoutMs} ms`);
}

/** The error that an answer with an `Orchestra-Error` header carries. */
export function decodeErrorEnvelope(text: string): OrchestraError {
  try {
    return OrchestraError.fromEnvelope(errorEnvelopeSchema.parse(JSON.parse(text)));
  } catch (cause) {
    return new OrchestraError("internal", "the answer's error envelope is not valid", { cause });
  }
}

/** What a JetStream error code means to the caller of a stored publish. */
export function fromJetStreamCode(errorCode: number, description: string, subject: string): OrchestraError {
  const cause = new Error(`JetStream error ${errorCode}: ${description}`);
  switch (errorCode) {
    case JETSTREAM_ERRORS.storeFailed:
    case JETSTREAM_ERRORS.insufficientResources:
    case JETSTREAM_ERRORS.memoryResourcesExceeded:
    case JETSTREAM_ERRORS.storageResourcesExceeded:
      return new OrchestraError("overloaded", `${subject} is full`, { retryAfterMs: FULL_RETRY_AFTER_MS, cause });
    case JETSTREAM_ERRORS.messageTooLarge:
      return new OrchestraError("too_large", `the message is too large for ${subject}`, { cause });
    case JETSTREAM_ERRORS.wrongLastSequence:
      return new OrchestraError("conflict", `${subject} was changed by somebody else`, { cause });
    default:
      return unavailable(`${subject} did not accept the message`, cause);
  }
}

/** Maps what the NATS libraries throw while streams, consumers and services are managed. */
export function fromNatsError(thrown: unknown, what: string): OrchestraError {
  if (thrown instanceof OrchestraError) return thrown;
  if (thrown instanceof AuthorizationError) {
    return new OrchestraError("unauthorized", `${what}: the bus refused the credentials`, { cause: thrown });
  }
  if (isForbidden(thrown)) return forbidden(what, thrown);
  if (thrown instanceof JetStreamApiError && thrown.status !== TEMPORARILY_UNAVAILABLE) {
    return new OrchestraError("conflict", `${what}: ${thrown.message}`, { cause: thrown });
  }
  return unavailable(`${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, thrown);
}

/** Why `connectBus` failed; not retryable when the server refuses the credentials. */
export function toConnectFailure(thrown: unknown, servers: readonly string[]): OrchestraError {
  const where = `the bus at ${servers.join(", ")}`;
  if (thrown instanceof AuthorizationError) {
    return new OrchestraError("unauthorized", `${where} refused the credentials`, { cause: thrown });
  }
  return unavailable(`${where} cannot be reached`, thrown);
}

import { context } from "@opentelemetry/api";
import type { Msg } from "@nats-io/nats-core";
import { injectTraceContext } from "@ai-orchestra/telemetry";
import type { OrchestraError } from "@ai-orchestra/contracts";
import { fromJetStreamCode, unavailable } from "../errors.js";
import { writeHeaders, HEADERS, readText } from "../headers.js";
import { PendingRequest } from "../rpc/pending-request.js";
import type { PendingRequests } from "../rpc/pending-requests.js";

/** The stream has the message. */
export interface StoredMessage {
  /** Its place in the stream. */
  readonly sequence: number;
  /** A message with the same id was there already; nothing was added. */
  readonly duplicate: boolean;
}

export interface StoredPublishOptions {
  /** Refused unless this stream captures the subject. */
  readonly stream: string;
  readonly timeoutMs: number;
  readonly traceContext?: ReturnType<typeof context.active>;
  /** Deduplicates within the stream's window. */
  readonly messageId?: string;
  readonly expectedLastSubjectSequence?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

interface PublishAcknowledgement {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

/**
 * Publishes to a stream and waits until it is stored. Rejects with `overloaded` (the stream is full), `conflict` (the
 * expected sequence is not the last), `too_large`, `timeout` or `unavailable`. After the last two nobody knows whether
 * it was stored.
 */
export function publishStored(
  requests: PendingRequests,
  subject: string,
  payload: string,
  options: StoredPublishOptions,
): Promise<StoredMessage> {
  return new Promise((resolve, reject) => {
    const headerText = writeHeaders({
      [HEADERS.expectedStream]: options.stream,
      [HEADERS.messageId]: options.messageId,
      [HEADERS.expectedLastSubjectSequence]: options.expectedLastSubjectSequence?.toString(),
      [HEADERS.traceparent]: injectTraceContext(options.traceContext ?? context.active()),
      ...options.headers,
    });
    requests.send(new PendingAcknowledgement(subject, options.timeoutMs, resolve, reject), payload, headerText);
  });
}

class PendingAcknowledgement extends PendingRequest {
  readonly #resolve: (stored: StoredMessage) => void;
  readonly #reject: (error: OrchestraError) => void;

  constructor(
    subject: string,
    timeoutMs: number,
    resolve: (stored: StoredMessage) => void,
    reject: (error: OrchestraError) => void,
  ) {
    super(subject, timeoutMs);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onReply(message: Msg): void {
    let acknowledgement: PublishAcknowledgement;
    try {
      acknowledgement = JSON.parse(readText(message)) as PublishAcknowledgement;
    } catch (cause) {
      this.#reject(unavailable(`${this.subject} gave no valid acknowledgement`, cause));
      return;
    }
    const { error, seq } = acknowledgement;
    if (error !== undefined) {
      this.#reject(fromJetStreamCode(error.err_code ?? 0, error.description ?? "", this.subject));
    } else if (seq === undefined) {
      this.#reject(unavailable(`${this.subject} was answered, but not stored: no stream captures it`));
    } else {
      this.#resolve({ sequence: seq, duplicate: acknowledgement.duplicate === true });
    }
  }

  onFailure(error: OrchestraError): void {
    this.#reject(error);
  }
}

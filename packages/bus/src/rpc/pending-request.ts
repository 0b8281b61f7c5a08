import type { Msg } from "@nats-io/nats-core";
import { OrchestraError } from "@ai-orchestra/contracts";
import { timedOut } from "../errors.js";
import type { Expiring } from "./deadline-sweep.js";

/** Who keeps the requests that wait. */
export interface RequestOwner {
  fail(request: PendingRequest, error: OrchestraError): void;
}

/** A request that waits for its answer. Exactly one of `onReply` and `onFailure` is called, once. */
export abstract class PendingRequest implements Expiring {
  readonly subject: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Number of its reply inbox; set by the owner. */
  inbox = 0;
  expiresAtMs = 0;
  #owner: RequestOwner | undefined;
  #onAbort: (() => void) | undefined;

  constructor(subject: string, timeoutMs: number, signal?: AbortSignal) {
    this.subject = subject;
    this.timeoutMs = timeoutMs;
    this.signal = signal;
  }

  /**
   * Whether a reply is to this request. Where inboxes are used again, a reply may be one that came late to the request
   * before.
   */
  accepts(_headerText: string): boolean {
    return true;
  }

  /** `headerText` is the reply's header block, empty when it has none. */
  abstract onReply(message: Msg, headerText: string): void;
  abstract onFailure(error: OrchestraError): void;

  /** The request was sent: time runs, and the signal counts. */
  start(owner: RequestOwner): void {
    this.#owner = owner;
    this.expiresAtMs = performance.now() + this.timeoutMs;
    if (this.signal === undefined) return;
    this.#onAbort = () => owner.fail(this, this.cancelled());
    this.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  expire(): void {
    this.#owner?.fail(this, timedOut(this.subject, this.timeoutMs));
  }

  /** The request has ended. */
  release(): void {
    if (this.#onAbort !== undefined) this.signal?.removeEventListener("abort", this.#onAbort);
  }

  cancelled(): OrchestraError {
    return new OrchestraError("cancelled", `the request of ${this.subject} was cancelled`, {
      cause: this.signal?.reason,
    });
  }
}

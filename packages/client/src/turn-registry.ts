import type { ClientFrame, ErrorFrame, HelloFrame } from "@ai-orchestra/contracts";
import { computeBackoffMs } from "./backoff.js";
import { OrchestraClientError, toClientError } from "./client-error.js";
import { ResumeRequests } from "./resume-requests.js";
import type { TurnFrame } from "./turn-state.js";
import type { TurnRecord } from "./turn-record.js";

export interface TurnRegistryOptions {
  readonly maxQueuedTurns: number;
  readonly acceptTimeoutMs: number;
  readonly turnGraceMs: number;
}

/** What a turn waits for. Only `sent` and accepted turns take one of the connection's places. */
type Progress = "queued" | "sent" | "refused";

interface Entry {
  readonly record: TurnRecord;
  progress: Progress;
  refusals: number;
  readonly resumes: ResumeRequests;
  retryTimer: ReturnType<typeof setTimeout> | undefined;
  deadlineTimer: ReturnType<typeof setTimeout> | undefined;
}

type Link = { send(frame: ClientFrame): void; limits: HelloFrame["limits"] };

/** Timers that are set for longer fire at once. */
const MAX_TIMER_MS = 2_147_483_647;
/** What the server allows a turn whose options say nothing, and at most: nothing else is known of a turn that is resumed. */
const DEFAULT_TURN_TIMEOUT_MS = 120_000;
const MAX_TURN_TIMEOUT_MS = 600_000;
const REFUSED_BACKOFF = { baseDelayMs: 500, maxDelayMs: 4_000 };

/**
 * The turns of this client that have not ended: sends them, asks again for what is missing, ends them in time.
 * Sending a turn twice is safe, since its id is its idempotency key; so everything that is in doubt is sent again.
 */
export class TurnRegistry {
  readonly #options: TurnRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  #link: Link | undefined;

  constructor(options: TurnRegistryOptions) {
    this.#options = options;
  }

  find(turnId: string): TurnRecord | undefined {
    return this.#entries.get(turnId)?.record;
  }

  /** Takes a turn over: one to be started, or one accepted elsewhere that is to be followed. */
  add(record: TurnRecord): void {
    const entry: Entry = {
      record,
      progress: "queued",
      refusals: 0,
      resumes: new ResumeRequests(),
      retryTimer: undefined,
      deadlineTimer: undefined,
    };
    this.#entries.set(record.turnId, entry);
    if (record.state.phase === "accepted") {
      this.#startTurnDeadline(entry);
      this.#resume(entry);
      return;
    }
    const { acceptTimeoutMs } = this.#options;
    this.#startDeadline(entry, acceptTimeoutMs, `the turn was not accepted within ${acceptTimeoutMs} ms`);
    this.#sendQueued();
    if (entry.progress !== "sent" && this.#countQueued() > this.#options.maxQueuedTurns) {
      this.#fail(entry, "queue_full", "too many turns wait for the connection", true);
    }
  }

  /** Asks for a turn's end, now or when there is a connection. One that was never sent just ends here. */
  cancel(record: TurnRecord): void {
    const entry = this.#entries.get(record.turnId);
    if (entry === undefined || entry.record !== record || record.cancelRequested) return;
    record.cancelRequested = true;
    if (record.state.phase === "submitted" && entry.progress !== "sent") {
      this.#fail(entry, "cancelled", "the turn was cancelled before it was sent", false);
    } else {
      this.#sendCancel(entry);
    }
  }

  /** A connection is there: resumes what was accepted, then sends, again where in doubt, what was not. */
  connect(link: Link): void {
    this.disconnect();
    this.#link = link;
    for (const entry of this.#entries.values()) {
      if (entry.record.state.phase !== "accepted") continue;
      entry.resumes.forget();
      this.#resume(entry);
    }
    this.#sendQueued();
  }

  /** The connection is gone, and with it the answers to what was sent but not accepted. */
  disconnect(): void {
    this.#link = undefined;
    for (const entry of this.#entries.values()) if (entry.progress === "sent") entry.progress = "queued";
  }

  /** @returns the part of the frame that is new, if it is of one of these turns */
  handleFrame(frame: TurnFrame): TurnFrame | undefined {
    const entry = this.#entries.get(frame.turnId);
    if (entry === undefined) return undefined;
    const { record } = entry;
    const phase = record.state.phase;
    const fresh = record.apply(frame);
    if (fresh === "gap") this.#resume(entry);
    if (fresh === "gap" || fresh === undefined) return undefined;
    if (record.outcome !== undefined) this.#remove(entry);
    else if (phase === "submitted") this.#startTurnDeadline(entry);
    return fresh;
  }

  /** An `error` frame that names one of these turns. */
  handleRefusal(frame: ErrorFrame, turnId: string): void {
    const entry = this.#entries.get(turnId);
    if (entry === undefined) return;
    if (!frame.retryable) {
      // A cancel that came too late is refused as well; the turn's own end is on its way.
      const harmless =
        entry.record.cancelRequested && entry.record.state.phase === "accepted" && !entry.resumes.wereMade;
      if (!harmless) this.#failWith(entry, toClientError(frame));
      return;
    }
    const delayMs = (frame.retryAfterMs ?? 0) + computeBackoffMs(entry.refusals, REFUSED_BACKOFF);
    const submitted = entry.record.state.phase === "submitted";
    if (submitted && (frame.retryAfterMs ?? 0) >= this.#options.acceptTimeoutMs) {
      return this.#failWith(entry, toClientError(frame));
    }
    entry.refusals += 1;
    if (submitted) entry.progress = "refused";
    clearTimeout(entry.retryTimer);
    entry.retryTimer = setTimeout(() => this.#retry(entry), delayMs);
  }

  /** Ends every turn on this side. */
  failAll(error: OrchestraClientError): void {
    this.disconnect();
    for (const entry of this.#entries.values()) this.#failWith(entry, error);
  }

  #retry(entry: Entry): void {
    if (entry.record.state.phase === "accepted") {
      entry.resumes.forget();
      return this.#resume(entry);
    }
    entry.progress = "queued";
    this.#sendQueued();
  }

  #sendQueued(): void {
    const link = this.#link;
    if (link === undefined) return;
    let places = link.limits.maxTurnsInFlight;
    for (const { record, progress } of this.#entries.values()) {
      if (progress === "sent" || record.state.phase === "accepted") places -= 1;
    }
    for (const entry of this.#entries.values()) {
      if (places <= 0) return;
      if (entry.progress !== "queued" || entry.record.state.phase !== "submitted") continue;
      // A turn that cannot be sent has ended, and its end has sent the others.
      if (!this.#sendStart(entry, link)) return;
      places -= 1;
    }
  }

  #sendStart(entry: Entry, link: Link): boolean {
    const { start } = entry.record;
    if (start === undefined) return false;
    // A message that is too large would cost the whole connection.
    const bytes = new TextEncoder().encode(JSON.stringify(start)).length;
    if (bytes > link.limits.maxMessageBytes) {
      this.#fail(entry, "too_large", `the turn takes ${bytes} bytes, more than the server accepts`, false);
      return false;
    }
    entry.progress = "sent";
    link.send(start);
    if (entry.record.cancelRequested) this.#sendCancel(entry);
    return true;
  }

  #sendCancel(entry: Entry): void {
    const { turnId, sessionId } = entry.record;
    this.#link?.send({ type: "turn.cancel", turnId, sessionId });
  }

  #resume(entry: Entry): void {
    const { turnId, state, cancelRequested } = entry.record;
    if (this.#link === undefined || state.phase === "ended") return;
    // Events before turn.accepted: the answer to turn.start is still to come, and sending it again brings everything.
    if (state.phase === "submitted") return;
    const { sessionId, attempt, position } = state;
    if (!entry.resumes.take(attempt, position)) return;
    this.#link.send({ type: "turn.resume", turnId, sessionId, attempt, position });
    if (cancelRequested) this.#sendCancel(entry);
  }

  #countQueued(): number {
    let queued = 0;
    for (const { record, progress } of this.#entries.values()) {
      if (record.state.phase === "submitted" && progress !== "sent") queued += 1;
    }
    return queued;
  }

  #startTurnDeadline(entry: Entry): void {
    const { start } = entry.record;
    const unsetTimeoutMs = start === undefined ? MAX_TURN_TIMEOUT_MS : DEFAULT_TURN_TIMEOUT_MS;
    const timeoutMs = start?.options?.timeoutMs ?? unsetTimeoutMs;
    this.#startDeadline(entry, timeoutMs + this.#options.turnGraceMs, "the turn did not end in time");
  }

  #startDeadline(entry: Entry, delayMs: number, message: string): void {
    clearTimeout(entry.deadlineTimer);
    entry.deadlineTimer = setTimeout(
      () => this.#fail(entry, "timeout", message, true),
      Math.min(delayMs, MAX_TIMER_MS),
    );
  }

  #fail(entry: Entry, code: OrchestraClientError["code"], message: string, retryable: boolean): void {
    this.#failWith(entry, new OrchestraClientError(code, message, { retryable, turnId: entry.record.turnId }));
  }

  #failWith(entry: Entry, error: OrchestraClientError): void {
    this.#remove(entry);
    entry.record.fail(error);
  }

  #remove(entry: Entry): void {
    clearTimeout(entry.retryTimer);
    clearTimeout(entry.deadlineTimer);
    this.#entries.delete(entry.record.turnId);
    this.#sendQueued();
  }
}

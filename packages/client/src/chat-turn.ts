import type { TurnAcceptedFrame, TurnCompletedFrame } from "@ai-orchestra/contracts";
import type { TextRestart } from "./chat-request.js";
import { OrchestraClientError } from "./client-error.js";
import type { TurnRecord } from "./turn-record.js";
import type { TurnFrame } from "./turn-state.js";
import { TextCursor } from "./turn-text.js";

/** Where a turn stands. `submitted`: not yet accepted by a gateway; `accepted`: durable, waiting or running. */
export type TurnStatus = "submitted" | "accepted" | "running" | "completed" | "failed" | "cancelled";

/**
 * One turn. Iterate it for the answer's text as it arrives: each chunk once, in order, whatever happens to the
 * connection. When an orchestrator dies, another answers again from the start; as long as the new text agrees with
 * what was given, the iteration just goes on where it was. See `onRestart` for when it does not agree. Leaving the
 * loop early does not cancel the turn. A failed turn makes the iteration throw; one cancelled by `cancel()` ends it.
 */
export class ChatTurn implements AsyncIterable<string> {
  readonly #record: TurnRecord;
  readonly #requestCancel: () => void;
  readonly #onRestart: ((restart: TextRestart) => void) | undefined;

  constructor(o: {
    record: TurnRecord;
    requestCancel: () => void;
    onRestart: ((restart: TextRestart) => void) | undefined;
  }) {
    this.#record = o.record;
    this.#requestCancel = o.requestCancel;
    this.#onRestart = o.onRestart;
  }

  get turnId(): string {
    return this.#record.turnId;
  }

  /** Undefined until the turn is accepted, where the server chooses the session. */
  get sessionId(): string | undefined {
    return this.#record.sessionId;
  }

  /** The model that is answering, from the start of its first attempt on. */
  get model(): string | undefined {
    return this.#record.model;
  }

  get status(): TurnStatus {
    const { outcome, state } = this.#record;
    if (outcome !== undefined) return outcome.status;
    if (state.phase !== "accepted") return "submitted";
    return state.attempt > 0 ? "running" : "accepted";
  }

  /** A gateway has taken the turn: from here on it runs to its end even if this client goes away. */
  get accepted(): Promise<TurnAcceptedFrame> {
    return this.#record.accepted.promise.then((frame) => frame);
  }

  /** The last frame of a turn that completed. Rejects when it failed or was cancelled. */
  get completed(): Promise<TurnCompletedFrame> {
    return this.#record.completed.promise.then((frame) => frame);
  }

  /** The whole answer, exactly `output.text`. Rejects like `completed`. */
  get text(): Promise<string> {
    return this.#record.completed.promise.then((frame) => frame.output.text);
  }

  /**
   * The turn's frames from now on, each event once: a later attempt shows as another `turn.started`, after which
   * positions and text begin again. A reader that is behind gets neighbouring deltas merged.
   */
  get events(): AsyncIterable<TurnFrame> {
    return { [Symbol.asyncIterator]: () => this.#record.openQueue() };
  }

  /** The answer so far, whole, each time it changes; a slow reader skips some. Right after a restart too. */
  get snapshots(): AsyncIterable<string> {
    return { [Symbol.asyncIterator]: () => this.#readSnapshots() };
  }

  [Symbol.asyncIterator](): AsyncGenerator<string, void, undefined> {
    return this.#readChunks();
  }

  /** Asks for the end of the turn; it has ended when `completed` settles, by the cancel or just before it. */
  cancel(): void {
    this.#requestCancel();
  }

  async *#readChunks(): AsyncGenerator<string, void, undefined> {
    for await (const { text, discarded } of this.#readSteps()) {
      if (discarded !== undefined) this.#reportRestart(discarded);
      if (text !== "") yield text;
    }
  }

  async *#readSnapshots(): AsyncGenerator<string, void, undefined> {
    let shown = "";
    for await (const { text, discarded } of this.#readSteps()) {
      shown = discarded === undefined ? shown + text : text;
      yield shown;
    }
  }

  async *#readSteps(): AsyncGenerator<{ text: string; discarded?: string }, void, undefined> {
    const record = this.#record;
    const cursor = new TextCursor();
    for (;;) {
      const { changed, outcome } = record;
      const step = cursor.read(record.text, outcome?.status === "completed");
      if (step.text !== "" || step.discarded !== undefined) {
        yield step;
        continue;
      }
      if (outcome === undefined) {
        await changed;
        continue;
      }
      if (outcome.status === "failed") throw outcome.error;
      if (outcome.status === "cancelled" && !record.cancelRequested) throw outcome.error;
      return;
    }
  }

  #reportRestart(discardedText: string): void {
    const { outcome, state, turnId } = this.#record;
    if (this.#onRestart === undefined) {
      throw new OrchestraClientError(
        "text_restarted",
        "the answer began again with other text: give chat() an onRestart, or read turn.snapshots or turn.text",
        { turnId },
      );
    }
    const running = state.phase === "accepted" ? state.attempt : 0;
    this.#onRestart({ attempt: outcome?.status === "completed" ? outcome.frame.attempt : running, discardedText });
  }
}

import type { TurnAcceptedFrame, TurnCompletedFrame, TurnStartFrame } from "@ai-orchestra/contracts";
import { OrchestraClientError, toClientError } from "./client-error.js";
import { createDeferred, type Deferred } from "./deferred.js";
import { EventQueue } from "./event-queue.js";
import { reduceTurn, type TurnFrame, type TurnState } from "./turn-state.js";
import { TurnText } from "./turn-text.js";

/** How a turn ended for its readers. */
export type TurnOutcome =
  | { readonly status: "completed"; readonly frame: TurnCompletedFrame }
  | { readonly status: "cancelled"; readonly error: OrchestraClientError }
  | { readonly status: "failed"; readonly error: OrchestraClientError };

/** Everything the client keeps of one turn: what was asked, how far it has come, what it said, who is reading. */
export class TurnRecord {
  readonly turnId: string;
  /** Absent for a turn that another client started. */
  readonly start: TurnStartFrame | undefined;
  readonly accepted: Deferred<TurnAcceptedFrame> = createDeferred();
  readonly completed: Deferred<TurnCompletedFrame> = createDeferred();
  readonly text = new TurnText();
  model: string | undefined;
  cancelRequested = false;
  #state: TurnState = { phase: "submitted" };
  #outcome: TurnOutcome | undefined;
  #changed: Deferred<void> = createDeferred();
  readonly #queues = new Set<EventQueue>();

  constructor(turnId: string, start: TurnStartFrame | undefined) {
    this.turnId = turnId;
    this.start = start;
  }

  get state(): TurnState {
    return this.#state;
  }

  get sessionId(): string | undefined {
    return this.#state.phase === "submitted" ? this.start?.sessionId : this.#state.sessionId;
  }

  get outcome(): TurnOutcome | undefined {
    return this.#outcome;
  }

  /** Settles at the next change of text or outcome. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /**
   * Takes a frame of this turn.
   * @returns the part of it that is new, or `gap` where something before it is missing
   */
  apply(frame: TurnFrame): TurnFrame | "gap" | undefined {
    if (this.#outcome !== undefined) return undefined;
    const step = reduceTurn(this.#state, frame);
    if (step.kind !== "deliver") return step.kind === "gap" ? "gap" : undefined;
    this.#state = step.state;
    for (const queue of this.#queues) queue.push(step.frame);
    this.#take(step.frame);
    this.#announce();
    return step.frame;
  }

  /** Ends the turn on this side. What the server still says about it is ignored. */
  fail(error: OrchestraClientError): void {
    if (this.#outcome !== undefined) return;
    this.#end({ status: error.code === "cancelled" ? "cancelled" : "failed", error });
    this.#announce();
  }

  /** The frames from now on, for one reader. */
  openQueue(): EventQueue {
    const queue = new EventQueue((done) => this.#queues.delete(done));
    if (this.#outcome === undefined) this.#queues.add(queue);
    else queue.end();
    return queue;
  }

  #take(frame: TurnFrame): void {
    const { turnId } = this;
    switch (frame.type) {
      case "turn.accepted":
        return this.accepted.resolve(frame);
      case "turn.started":
        this.accepted.resolve({ type: "turn.accepted", turnId, sessionId: frame.sessionId });
        this.model = frame.model;
        return this.text.restart();
      case "turn.delta":
        if (frame.agent === undefined) this.text.append(frame.text);
        return;
      case "turn.completed":
        this.model = frame.metadata.model;
        this.text.settle(frame.output.text);
        return this.#end({ status: "completed", frame });
      case "turn.failed":
        if (frame.partialText !== undefined) this.text.extend(frame.partialText);
        return this.#end({ status: "failed", error: toClientError(frame) });
      case "turn.cancelled": {
        const { partialText } = frame;
        this.text.extend(partialText);
        const error = new OrchestraClientError("cancelled", "the turn was cancelled", { turnId, partialText });
        return this.#end({ status: "cancelled", error });
      }
      case "turn.status":
      case "turn.tool":
    }
  }

  #end(outcome: TurnOutcome): void {
    this.#outcome = outcome;
    if (outcome.status === "completed") {
      const { turnId, sessionId } = outcome.frame;
      this.accepted.resolve({ type: "turn.accepted", turnId, sessionId });
      this.completed.resolve(outcome.frame);
    } else {
      this.accepted.reject(outcome.error);
      this.completed.reject(outcome.error);
    }
    // The terminal frame is the last event; only an end without one is an error to their readers.
    const error = this.#state.phase === "ended" || outcome.status === "completed" ? undefined : outcome.error;
    for (const queue of this.#queues) queue.end(error);
    this.#queues.clear();
  }

  #announce(): void {
    const changed = this.#changed;
    this.#changed = createDeferred();
    changed.resolve();
  }
}

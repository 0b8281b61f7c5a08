import type { Bus } from "@ai-orchestra/bus";
import {
  OrchestraError,
  subjects,
  type TurnEvent,
  type TurnKey,
  type TurnResult,
  type TurnStartedFrame,
} from "@ai-orchestra/contracts";
import type { Clock } from "@ai-orchestra/service-kit";
import type { EventLog, StatusFields, ToolFields } from "./event-log.js";

export interface TurnEventsOptions {
  bus: Pick<Bus, "publish">;
  clock: Clock;
  log: EventLog;
  turn: TurnKey & { attempt: number };
  /** How long deltas wait for company after the first one, in milliseconds. */
  coalesceMs: number;
  /** UTF-16 units after which waiting text is sent at once. */
  coalesceChars: number;
}

/** One published event never carries more text than this, so that it stays far below the bus's message limit. */
const MAX_EVENT_CHARS = 16_384;

interface WaitingText {
  readonly agent: string | undefined;
  readonly from: number;
  text: string;
}

/**
 * The voice of a running attempt: writes each event to the log and publishes it. Text is coalesced: the first delta
 * goes out at once, then whatever a few milliseconds bring. Publishing is best effort, since the log has everything
 * and a viewer that misses something asks for it.
 */
export class TurnEvents {
  readonly #bus: Pick<Bus, "publish">;
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #turn: TurnKey & { attempt: number };
  readonly #subject: string;
  readonly #coalesceMs: number;
  readonly #coalesceChars: number;
  #waiting: WaitingText | undefined;
  #timer: ReturnType<Clock["setTimeout"]> | undefined;
  #lastSentAt = Number.NEGATIVE_INFINITY;

  constructor(options: TurnEventsOptions) {
    this.#bus = options.bus;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#turn = options.turn;
    this.#subject = subjects.turnEvents(options.turn);
    this.#coalesceMs = options.coalesceMs;
    this.#coalesceChars = options.coalesceChars;
  }

  started(frame: TurnStartedFrame): void {
    this.#log.start(frame);
    this.#publish(frame);
  }

  /** Text of the answer, or of an agent's draft. */
  text(text: string, agent?: string): void {
    if (text === "") return;
    const waiting = this.#waiting;
    const from = this.#log.appendText(text, agent);
    if (waiting !== undefined && waiting.agent === agent) {
      waiting.text += text;
      if (waiting.text.length >= this.#coalesceChars) this.flush();
      return;
    }
    this.flush();
    this.#waiting = { agent, from, text };
    const waitMs = this.#lastSentAt + this.#coalesceMs - this.#clock.monotonicMs();
    if (waitMs <= 0 || text.length >= this.#coalesceChars) this.flush();
    else this.#timer = this.#clock.setTimeout(() => this.flush(), waitMs);
  }

  status(fields: StatusFields): void {
    this.flush();
    this.#publish(this.#log.appendStatus(fields));
  }

  tool(fields: ToolFields): void {
    this.flush();
    this.#publish(this.#log.appendTool(fields));
  }

  /** Announces how the turn ended. The result is stored already: this only saves viewers from asking. */
  ended(result: TurnResult): void {
    this.flush();
    this.#publish({ type: "turn.result", result });
  }

  /** Sends the text that waits for company. */
  flush(): void {
    if (this.#timer !== undefined) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    this.#lastSentAt = this.#clock.monotonicMs();
    for (let start = 0; start < waiting.text.length; start += MAX_EVENT_CHARS) {
      const text = waiting.text.slice(start, start + MAX_EVENT_CHARS);
      const from = waiting.from + start;
      this.#publish({
        type: "turn.delta",
        turnId: this.#turn.turnId,
        attempt: this.#turn.attempt,
        from,
        to: from + text.length,
        text,
        ...(waiting.agent === undefined ? {} : { agent: waiting.agent }),
      });
    }
  }

  #publish(event: TurnEvent): void {
    try {
      this.#bus.publish(this.#subject, event);
    } catch (error) {
      if (!(error instanceof OrchestraError)) throw error;
    }
  }
}

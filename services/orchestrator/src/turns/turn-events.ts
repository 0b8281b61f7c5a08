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
import { cutBeforePair } from "./cut-text.js";
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

/**
 * The voice of a running attempt: writes each event to the log and publishes it. Text is coalesced for each voice: the
 * first delta goes out at once, then whatever a few milliseconds bring. Publishing is best effort, since the log has everything
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
  /** Text of each voice (the answer's under `undefined`) that has no place in the log yet. */
  readonly #waiting = new Map<string | undefined, string>();
  #waitingChars = 0;
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
    this.#waiting.set(agent, (this.#waiting.get(agent) ?? "") + text);
    this.#waitingChars += text.length;
    const waitMs = this.#lastSentAt + this.#coalesceMs - this.#clock.monotonicMs();
    if (waitMs <= 0 || this.#waitingChars >= this.#coalesceChars) this.flush();
    else this.#timer ??= this.#clock.setTimeout(() => this.flush(), waitMs);
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

  /** Gives the text that waits for company its place in the log and sends it. */
  flush(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.size === 0) return;
    this.#lastSentAt = this.#clock.monotonicMs();
    for (const [agent, text] of this.#waiting) this.#sendText(text, agent);
    this.#waiting.clear();
    this.#waitingChars = 0;
  }

  #sendText(text: string, agent: string | undefined): void {
    const { turnId, attempt } = this.#turn;
    for (const piece of splitText(text)) {
      const from = this.#log.appendText(piece, agent);
      const to = from + piece.length;
      this.#publish({
        type: "turn.delta",
        turnId,
        attempt,
        from,
        to,
        text: piece,
        ...(agent === undefined ? {} : { agent }),
      });
    }
  }

  #publish(event: TurnEvent): void {
    try {
      this.#bus.publish(this.#subject, event);
    } catch (error) {
      if (!(error instanceof OrchestraError) || error.code !== "unavailable") throw error;
    }
  }
}

/** Pieces of at most `MAX_EVENT_CHARS`; a surrogate pair stays in one piece. */
function* splitText(text: string): Generator<string> {
  for (let rest = text; rest !== "";) {
    const end = cutBeforePair(rest, MAX_EVENT_CHARS);
    yield rest.slice(0, end);
    rest = rest.slice(end);
  }
}

import type {
  TurnDeltaFrame,
  TurnEvent,
  TurnStartedFrame,
  TurnStatusFrame,
  TurnToolFrame,
} from "@ai-orchestra/contracts";

/** An event before it has a place in the log. */
export type StatusFields = Pick<TurnStatusFrame, "stage" | "detail" | "agent">;
export type ToolFields = Pick<TurnToolFrame, "index" | "id" | "name" | "arguments">;

/** Consecutive text of one voice: merged, so that a long answer is one entry. */
interface TextRun {
  readonly kind: "text";
  readonly agent: string | undefined;
  readonly from: number;
  to: number;
  readonly chunks: string[];
}

interface SingleEvent {
  readonly kind: "event";
  readonly from: number;
  readonly frame: TurnStatusFrame | TurnToolFrame;
}

/**
 * Everything one attempt of a turn has said, in order. Positions count one per UTF-16 unit of text and one per other
 * event. Kept until the turn ends; its size is bounded by the caps on output and on agents' drafts.
 */
export class EventLog {
  readonly #turnId: string;
  readonly #attempt: number;
  readonly #entries: (TextRun | SingleEvent)[] = [];
  #started: TurnStartedFrame | undefined;
  #position = 0;

  constructor(turn: { turnId: string; attempt: number }) {
    this.#turnId = turn.turnId;
    this.#attempt = turn.attempt;
  }

  get position(): number {
    return this.#position;
  }

  /** Begins the attempt; takes no position. */
  start(frame: TurnStartedFrame): void {
    this.#started = frame;
  }

  /** Appends text and returns where it begins. */
  appendText(text: string, agent: string | undefined): number {
    const from = this.#position;
    this.#position += text.length;
    const last = this.#entries.at(-1);
    if (last?.kind === "text" && last.agent === agent) {
      last.chunks.push(text);
      last.to = this.#position;
    } else {
      this.#entries.push({ kind: "text", agent, from, to: this.#position, chunks: [text] });
    }
    return from;
  }

  appendStatus(fields: StatusFields): TurnStatusFrame {
    return this.#appendEvent({ type: "turn.status", ...this.#nextPlace(), ...fields });
  }

  appendTool(fields: ToolFields): TurnToolFrame {
    return this.#appendEvent({ type: "turn.tool", ...this.#nextPlace(), ...fields });
  }

  /** What came after `position` of `attempt`, merged; all of it, beginning with `turn.started`, for a lower attempt. */
  since(attempt: number, position: number): TurnEvent[] {
    if (this.#started === undefined) return [];
    const sameAttempt = attempt === this.#attempt;
    const after = sameAttempt ? position : 0;
    const events: TurnEvent[] = sameAttempt ? [] : [this.#started];
    for (const entry of this.#entries) {
      if (entry.kind === "event") {
        if (entry.from >= after) events.push(entry.frame);
      } else if (entry.to > after) {
        events.push(this.#cutRun(entry, after));
      }
    }
    return events;
  }

  /** The answer itself: text without an agent. */
  answerText(): string {
    return this.#answerRuns()
      .map((run) => joinRun(run))
      .join("");
  }

  /** Where the answer's text stands, as `[from, to]` pairs. */
  answerSegments(): [number, number][] {
    return this.#answerRuns().map((run) => [run.from, run.to]);
  }

  #answerRuns(): TextRun[] {
    return this.#entries.filter((entry): entry is TextRun => entry.kind === "text" && entry.agent === undefined);
  }

  #nextPlace() {
    return { turnId: this.#turnId, attempt: this.#attempt, from: this.#position, to: this.#position + 1 };
  }

  #appendEvent<Frame extends TurnStatusFrame | TurnToolFrame>(frame: Frame): Frame {
    this.#entries.push({ kind: "event", from: frame.from, frame });
    this.#position = frame.to;
    return frame;
  }

  #cutRun(run: TextRun, after: number): TurnDeltaFrame {
    const from = Math.max(run.from, after);
    return {
      type: "turn.delta",
      turnId: this.#turnId,
      attempt: this.#attempt,
      from,
      to: run.to,
      text: joinRun(run).slice(from - run.from),
      ...(run.agent === undefined ? {} : { agent: run.agent }),
    };
  }
}

/** Joins a run's chunks and keeps the joined text, so that asking again is cheap. */
function joinRun(run: TextRun): string {
  if (run.chunks.length > 1) run.chunks.splice(0, run.chunks.length, run.chunks.join(""));
  return run.chunks[0] ?? "";
}

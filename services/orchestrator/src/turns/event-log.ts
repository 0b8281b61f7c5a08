import type {
  TurnDeltaFrame,
  TurnEvent,
  TurnStartedFrame,
  TurnStatusFrame,
  TurnToolFrame,
} from "@ai-orchestra/contracts";
import { cutBeforePair } from "./cut-text.js";

/** An event before it has a place in the log. */
export type StatusFields = Pick<TurnStatusFrame, "stage" | "detail" | "agent">;
export type ToolFields = Pick<TurnToolFrame, "index" | "id" | "name" | "arguments">;

/** Consecutive text of one voice. */
interface TextRun {
  readonly kind: "text";
  readonly agent: string | undefined;
  readonly from: number;
  to: number;
  readonly chunks: string[];
}

/** Consecutive fragments of one tool call, each of which takes one position. */
interface ToolRun {
  readonly kind: "tool";
  readonly call: Pick<ToolFields, "index" | "id" | "name">;
  readonly from: number;
  to: number;
  readonly fragments: string[];
}

interface StatusEntry {
  readonly kind: "status";
  readonly from: number;
  readonly to: number;
  readonly fields: StatusFields;
}

type Entry = TextRun | ToolRun | StatusEntry;

/** A UTF-16 unit takes at most this much in JSON: an escape such as `\u0001`. */
const MAX_JSON_BYTES_PER_UNIT = 6;

/**
 * Everything one attempt of a turn has said, in order. Positions count one per UTF-16 unit of text and one per other
 * event. Kept until the turn ends. What is said is bounded by the caps on output and on agents' drafts; text of one voice
 * and fragments of one tool call are merged, so that neither makes many entries.
 */
export class EventLog {
  readonly #turn: { turnId: string; attempt: number };
  readonly #entries: Entry[] = [];
  #started: TurnStartedFrame | undefined;
  #position = 0;

  constructor({ turnId, attempt }: { turnId: string; attempt: number }) {
    this.#turn = { turnId, attempt };
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
    const place = this.#takePlace();
    this.#entries.push({ kind: "status", ...place, fields });
    return { type: "turn.status", ...this.#turn, ...place, ...fields };
  }

  appendTool(fields: ToolFields): TurnToolFrame {
    const place = this.#takePlace();
    const { arguments: fragment, ...call } = fields;
    const last = this.#entries.at(-1);
    if (last?.kind === "tool" && last.call.index === call.index && call.name === undefined) {
      last.fragments.push(fragment);
      last.to = place.to;
    } else {
      this.#entries.push({ kind: "tool", call, ...place, fragments: [fragment] });
    }
    return { type: "turn.tool", ...this.#turn, ...place, ...fields };
  }

  /**
   * What came after `position` of `attempt`, merged; from the beginning, with `turn.started` first, for a lower attempt.
   * Stops where the reply would grow past `maxBytes` of JSON: `position` says up to where it reaches.
   */
  since(after: { attempt: number; position: number }, maxBytes: number): { events: TurnEvent[]; position: number } {
    if (this.#started === undefined) return { events: [], position: 0 };
    const isSameAttempt = after.attempt === this.#turn.attempt;
    const events: TurnEvent[] = isSameAttempt ? [] : [this.#started];
    let position = isSameAttempt ? after.position : 0;
    let bytesLeft = maxBytes;
    for (const entry of this.#entries) {
      if (entry.to <= position) continue;
      const event = this.#readEntry(entry, Math.max(entry.from, position), bytesLeft);
      bytesLeft -= Buffer.byteLength(JSON.stringify(event));
      if (bytesLeft < 0 && events.length > 0) break;
      events.push(event);
      position = event.to;
      if (position < entry.to) break;
    }
    return { events, position };
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

  #takePlace(): { from: number; to: number } {
    const from = this.#position;
    this.#position += 1;
    return { from, to: this.#position };
  }

  /** An entry from a position on, and of a text no more than surely fits. */
  #readEntry(entry: Entry, from: number, maxBytes: number): TurnDeltaFrame | TurnToolFrame | TurnStatusFrame {
    switch (entry.kind) {
      case "status":
        return { type: "turn.status", ...this.#turn, from: entry.from, to: entry.to, ...entry.fields };
      case "tool": {
        const { name, ...call } = entry.call;
        const isWhole = from === entry.from;
        return {
          type: "turn.tool",
          ...this.#turn,
          from,
          to: entry.to,
          ...call,
          ...(isWhole && name !== undefined ? { name } : {}),
          arguments: entry.fragments.slice(from - entry.from).join(""),
        };
      }
      case "text": {
        const rest = joinRun(entry).slice(from - entry.from);
        const text = rest.slice(0, cutBeforePair(rest, Math.max(2, Math.floor(maxBytes / MAX_JSON_BYTES_PER_UNIT))));
        const { agent } = entry;
        const place = { from, to: from + text.length };
        return { type: "turn.delta", ...this.#turn, ...place, text, ...(agent === undefined ? {} : { agent }) };
      }
    }
  }
}

/** Joins a run's chunks and keeps the joined text, so that asking again is cheap. */
function joinRun(run: TextRun): string {
  if (run.chunks.length > 1) run.chunks.splice(0, run.chunks.length, run.chunks.join(""));
  return run.chunks[0] ?? "";
}

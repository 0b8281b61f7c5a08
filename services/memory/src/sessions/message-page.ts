import type { SessionMessage, SessionMessagePage } from "@ai-orchestra/contracts";
import type { StoredTurn } from "../commit-log/stored-turn.js";
import { encodeCursor } from "./page-cursor.js";

export interface OrderedTurn {
  readonly turnId: string;
  readonly order: number;
  readonly turn: StoredTurn;
}

/** Where a page begins: at an order, after the first `skip` messages that stand there. */
export interface MessagePosition {
  readonly order: number;
  readonly skip: number;
}

export interface MessagePageOptions {
  readonly start: MessagePosition;
  readonly limit: number;
  /** Bytes of JSON; the first message always fits. */
  readonly maxBytes: number;
  /** `turns` is not all there is. */
  readonly hasMoreTurns: boolean;
}

/** Fills a page with the messages of `turns`, oldest first, from `start` on. */
export function buildMessagePage(turns: readonly OrderedTurn[], o: MessagePageOptions): SessionMessagePage {
  const messages = turns.flatMap(({ turnId, order, turn }) =>
    toSessionMessages(turnId, turn).map((message) => ({ order, message })),
  );
  const atStart = messages.filter(({ order }) => order === o.start.order).length;
  const items: SessionMessage[] = [];
  let bytes = 0;
  let end = o.start;
  for (const { order, message } of messages.slice(Math.min(o.start.skip, atStart))) {
    bytes += Buffer.byteLength(JSON.stringify(message));
    const isFull = items.length === o.limit || (items.length > 0 && bytes > o.maxBytes);
    if (isFull) return { items, nextCursor: encodeCursor(end.order, end.skip) };
    items.push(message);
    end = { order, skip: order === end.order ? end.skip + 1 : 1 };
  }
  return o.hasMoreTurns ? { items, nextCursor: encodeCursor(end.order, end.skip) } : { items };
}

function toSessionMessages(turnId: string, turn: StoredTurn): SessionMessage[] {
  const { status, inputText, outputText, model } = turn;
  const messages: SessionMessage[] = [];
  if (inputText !== undefined) {
    messages.push({ turnId, role: "user", text: inputText, status, createdAt: toIso(turn.submittedAt) });
  }
  if (outputText !== undefined) {
    const answer = { turnId, role: "assistant", text: outputText, status, createdAt: toIso(turn.finishedAt) } as const;
    messages.push(model === undefined ? answer : { ...answer, model });
  }
  return messages;
}

function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

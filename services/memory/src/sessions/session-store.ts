import {
  type memorySessionsList,
  type memorySessionsMessages,
  type memoryTurnGet,
  OrchestraError,
  type SessionMessagePage,
  type SessionPage,
  type SessionSummary,
  type TurnKey,
} from "@ai-orchestra/contracts";
import type { z } from "zod";
import { parseStoredTurn } from "../commit-log/stored-turn.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { ownerSessionsKey, sessionKeyPrefix, sessionKeys } from "../redis/session-keys.js";
import { deleteSessionScript } from "./delete-session-script.js";
import { listSessionsScript } from "./list-sessions-script.js";
import { buildMessagePage } from "./message-page.js";
import { decodeCursor, encodeCursor } from "./page-cursor.js";
import { readMessagesScript } from "./read-messages-script.js";

/** Bytes of one page of messages: half of what the bus takes in one reply. */
const MESSAGE_PAGE_MAX_BYTES = 524_288;

export interface SessionStoreOptions {
  readonly redis: RedisConnection;
  readonly sessionTtlMs: number;
  readonly turnStateTtlMs: number;
}

interface SessionKey {
  readonly owner: string;
  readonly sessionId: string;
}

type SessionRow = [sessionId: string, ...facts: string[]];
type MessagesReply = [hasMoreTurns: number, ...rows: [turnId: string, order: string, json: string][]];

/** The sessions of each owner, as their clients see them. Every method fails with `unavailable` while Redis is away. */
export class SessionStore {
  readonly #o: SessionStoreOptions;

  constructor(o: SessionStoreOptions) {
    this.#o = o;
  }

  /** Latest activity first. A session that gets a turn while pages are read moves to the front. */
  async list(request: z.output<typeof memorySessionsList.request>): Promise<SessionPage> {
    const { owner, cursor, limit } = request;
    const below = cursor === undefined ? "+inf" : String(decodeCursor(cursor, 1)[0]);
    const reply = await this.#o.redis.run(
      listSessionsScript,
      [ownerSessionsKey(owner)],
      [sessionKeyPrefix(owner), below, limit + 1, this.#o.sessionTtlMs],
    );
    const rows = reply as SessionRow[];
    const items = rows.slice(0, limit).map(toSummary);
    const last = items.at(-1);
    if (rows.length <= limit || last === undefined) return { items };
    return { items, nextCursor: encodeCursor(Date.parse(last.updatedAt)) };
  }

  /** @throws OrchestraError `not_found` for a session that does not exist or is another's. */
  async get({ owner, sessionId }: SessionKey): Promise<SessionSummary> {
    const { summary } = sessionKeys(owner, sessionId);
    const facts = await this.#o.redis.execute("getSession", (client) =>
      client.hmget(summary, "createdAt", "updatedAt", "turns", "messages", "bytes"),
    );
    if (!facts.every((fact) => fact !== null)) throw notFound();
    return toSummary([sessionId, ...facts]);
  }

  /** Oldest first. @throws OrchestraError `not_found` as `get`, `invalid_request` for a cursor that is none. */
  async readMessages(request: z.output<typeof memorySessionsMessages.request>): Promise<SessionMessagePage> {
    const { owner, sessionId, cursor, limit } = request;
    const [order = 0, skip = 0] = cursor === undefined ? [] : decodeCursor(cursor, 2);
    const keys = sessionKeys(owner, sessionId);
    // Every turn has a message at least; two more, because those at the cursor may have been seen.
    const reply = await this.#o.redis.run(
      readMessagesScript,
      [keys.summary, keys.turns, keys.texts],
      [order, limit + 2, MESSAGE_PAGE_MAX_BYTES],
    );
    if (reply === null) throw notFound();
    const [hasMoreTurns, ...rows] = reply as MessagesReply;
    const turns = rows.map(([turnId, turnOrder, json]) => ({
      turnId,
      order: Number(turnOrder),
      turn: parseStoredTurn(json),
    }));
    return buildMessagePage(turns, {
      start: { order, skip },
      limit,
      maxBytes: MESSAGE_PAGE_MAX_BYTES,
      hasMoreTurns: hasMoreTurns === 1,
    });
  }

  /** One turn; without `turn` when the session has none of that id. */
  async readTurn({ owner, sessionId, turnId }: TurnKey): Promise<z.output<typeof memoryTurnGet.response>> {
    const { texts } = sessionKeys(owner, sessionId);
    const json = await this.#o.redis.execute("getTurn", (client) => client.hget(texts, turnId));
    if (json === null) return {};
    const { status, outputText = "", model, submittedAt, finishedAt } = parseStoredTurn(json);
    return { turn: { status, text: outputText, model, submittedAt, finishedAt } };
  }

  /** Removes the session. Results of turns that were sent before this moment do not bring it back. */
  async delete({ owner, sessionId }: SessionKey): Promise<{ deleted: boolean }> {
    const keys = sessionKeys(owner, sessionId);
    const existed = await this.#o.redis.run(
      deleteSessionScript,
      [keys.control, keys.turns, keys.texts, keys.summary, ownerSessionsKey(owner)],
      [sessionId, this.#o.turnStateTtlMs],
    );
    return { deleted: existed === 1 };
  }
}

function toSummary([sessionId, ...facts]: SessionRow): SessionSummary {
  const [createdAt = 0, updatedAt = 0, turns = 0, messages = 0, bytes = 0] = facts.map(Number);
  return {
    sessionId,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    turns,
    messages,
    bytes,
  };
}

function notFound(): OrchestraError {
  return new OrchestraError("not_found", "there is no such session");
}

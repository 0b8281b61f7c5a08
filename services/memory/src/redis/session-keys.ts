import type { TurnKey } from "@ai-orchestra/contracts";

/** What Redis holds is described in the README of this service; the hash tag keeps one owner's keys on one node. */
const ownerPrefix = (owner: string): string => `o:{${owner}}:`;

/** Owners with sessions, scored by when one of their sessions may first have expired. */
export const OWNERS_KEY = "owners";

/** Held by the instance whose garbage collector runs. */
export const COLLECTOR_LOCK_KEY = "collector-lock";

/** Sessions of an owner, scored by their last activity. */
export const ownerSessionsKey = (owner: string): string => `${ownerPrefix(owner)}sessions`;

/** What the keys of every session of an owner begin with; scripts add the session id. */
export const sessionKeyPrefix = (owner: string): string => `${ownerPrefix(owner)}s:`;

/** Keys of one session. Scripts that delete sessions derive the same names from `sessionKeyPrefix`. */
export interface SessionKeys {
  /** Hash: createdAt, updatedAt, turns, messages, bytes; shift, topPlace, topSubmittedAt place turns of a new queue. */
  readonly summary: string;
  /** Sorted set of `<turnId>:<usable>:<messages>:<bytes>`, scored by the turn's place: its order, shifted. */
  readonly turns: string;
  /** Hash from turn id to the stored turn as JSON. */
  readonly texts: string;
  /** Hash: fence counter, lease (kept after expiry), highest order begun, deletion. Outlives the session. */
  readonly control: string;
  /** Hash from turn id to `<order>:<asked at>` of the turns that found the session busy. Short-lived. */
  readonly waiting: string;
}

export function sessionKeys(owner: string, sessionId: string): SessionKeys {
  const summary = sessionKeyPrefix(owner) + sessionId;
  return {
    summary,
    turns: `${summary}:turns`,
    texts: `${summary}:texts`,
    control: `${summary}:control`,
    waiting: `${summary}:waiting`,
  };
}

/** Hash: state, starts, attempt, order, fence, handedOver (a fence) of a turn. Outlives its text, so that a commit stays idempotent. */
export const turnStateKey = ({ owner, sessionId, turnId }: TurnKey): string =>
  `${ownerPrefix(owner)}t:${sessionId}:${turnId}`;

/** Bounds that hold over the whole system. Configuration may lower those that a service says it can. */
export const LIMITS = {
  /** Characters of one V2 `input.text`. */
  inputTextChars: 200_000,
  /** Characters of one V1 message. */
  v1MessageChars: 10_000,
  /** Messages of one stateless turn. */
  inputMessages: 500,
  /** UTF-8 bytes of one client message or HTTP body. */
  maxMessageBytes: 262_144,
  /** UTF-8 bytes of a turn's answer, JSON-escaped; more ends it with `finishReason: length`. */
  maxOutputBytes: 262_144,
  /** Turns of one connection that have no terminal frame yet. */
  maxTurnsInFlight: 64,
  /** Client frames a minute and client. */
  messagesPerMinute: 100,
  /** Refused frames a minute before a connection is closed with 4501. */
  refusedFramesPerMinute: 20,
  /** Named agents in one turn. */
  maxAgents: 8,
  /** Default and longest time from a turn's submission to its end, in milliseconds. */
  defaultTurnTimeoutMs: 120_000,
  maxTurnTimeoutMs: 600_000,
  /** Real starts of one turn before it fails with `attempts_exhausted`. */
  maxTurnStarts: 3,
} as const;

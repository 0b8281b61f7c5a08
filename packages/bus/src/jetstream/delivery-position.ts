/** What the reply subject of a delivered message says about it. */
export interface DeliveryPosition {
  readonly deliveryCount: number;
  /** In the stream. */
  readonly sequence: number;
  /** In the consumer: without a gap unless a message was lost on the way. */
  readonly consumerSequence: number;
  /** Messages that the consumer had left after this one. */
  readonly pendingCount: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<time>.<pending>`; newer servers put a
 * domain and an account hash before the stream, and a token at the end (NATS ADR-15).
 */
export function readPosition(ackSubject: string): DeliveryPosition {
  const tokens = ackSubject.split(".");
  const first = tokens.length >= 11 ? 6 : 4;
  return {
    deliveryCount: Number(tokens[first]),
    sequence: Number(tokens[first + 1]),
    consumerSequence: Number(tokens[first + 2]),
    pendingCount: Number(tokens[first + 4]),
  };
}

import { expect, test } from "vitest";
import { readPosition } from "./delivery-position.js";

const position = { deliveryCount: 2, sequence: 30, consumerSequence: 44, pendingCount: 7 };

test("reads the reply subjects of servers without, with a domain, and with a token at the end", () => {
  expect(readPosition("$JS.ACK.TURNS.TURNS-high.2.30.44.1700000000000000000.7")).toEqual(position);
  expect(readPosition("$JS.ACK.hub.ACC.TURNS.TURNS-high.2.30.44.1700000000000000000.7")).toEqual(position);
  expect(readPosition("$JS.ACK._.ACC.TURNS.TURNS-high.2.30.44.1700000000000000000.7.x9")).toEqual(position);
});

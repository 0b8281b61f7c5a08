import * as fc from "fast-check";
import { mutateText } from "./mutate-text.js";

/** A WebSocket message as it is sent. `broken` ones are no UTF-8, which ends a connection without a close frame. */
export interface FuzzMessage {
  readonly kind: "text" | "binary" | "broken";
  readonly data: string | Uint8Array;
}

/** Few, so that messages meet what others have begun. */
const turnId = fc.nat(200).map((n) => `t${n}`);
const sessionId = fc.nat(20).map((n) => `s${n}`);
const oddString = fc.oneof(fc.string({ maxLength: 80 }), fc.string({ unit: "binary", maxLength: 80 }));
const someId = fc.oneof({ weight: 8, arbitrary: turnId }, oddString);
const anything = fc.jsonValue({ maxDepth: 4 });

const options = fc.record(
  {
    model: fc.oneof(fc.constant("bench/generator"), oddString),
    mode: fc.constantFrom("auto", "lite", "balanced", "quality"),
    agents: fc.array(fc.constantFrom("planner", "critic", "nobody"), { maxLength: 3 }),
    useMemory: fc.boolean(),
    temperature: fc.double(),
    maxTokens: fc.integer(),
    timeoutMs: fc.oneof(fc.integer({ min: 100, max: 600_000 }), fc.integer()),
    onBusy: fc.constantFrom("enqueue", "reject", "interrupt"),
    onDisconnect: fc.constantFrom("continue", "cancel"),
  },
  { requiredKeys: [] },
);

const frame = fc.oneof(
  fc.record(
    {
      type: fc.constant("turn.start"),
      turnId,
      sessionId,
      input: fc.oneof(
        fc.record({ text: fc.string({ minLength: 1, maxLength: 40 }) }),
        fc.record({ messages: fc.array(fc.record({ role: fc.constantFrom("user", "system"), content: oddString })) }),
      ),
      options,
      metadata: fc.dictionary(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), { maxKeys: 4 }),
      traceparent: oddString,
    },
    { requiredKeys: ["type", "turnId", "input"] },
  ),
  fc.record({ type: fc.constant("turn.cancel"), turnId, sessionId }, { requiredKeys: ["type", "turnId"] }),
  fc.record({
    type: fc.constant("turn.resume"),
    turnId,
    sessionId,
    attempt: fc.oneof(fc.nat(3), fc.integer(), fc.maxSafeNat()),
    position: fc.oneof(fc.nat(300), fc.integer(), fc.maxSafeNat()),
  }),
  fc.record({ type: fc.constantFrom("session.attach", "session.detach"), sessionId }),
  fc.record({ type: fc.constant("auth.refresh"), token: oddString }),
  fc.record({ type: fc.constant("ping"), nonce: fc.oneof(oddString, anything) }),
);

const v1Frame = fc.record(
  {
    type: fc.constantFrom("chat", "message", "command", "control", "ping", "nonsense"),
    data: fc.oneof(fc.record({ message: oddString, context: anything }, { requiredKeys: [] }), anything),
    message: oddString,
    correlation_id: fc.oneof(oddString, anything),
  },
  { requiredKeys: [] },
);

/** A field that is not there, is of another type, or is not known. */
const disfigured = fc
  .tuple(fc.oneof(frame, v1Frame), fc.constantFrom("type", "turnId", "sessionId", "input", "options", "more"), anything)
  .map(([value, key, replacement]) => JSON.stringify({ ...value, [key]: replacement }));

const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: frame.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: v1Frame.map((value) => JSON.stringify(value)) },
  { weight: 4, arbitrary: disfigured },
  { weight: 4, arbitrary: frame.map((value) => JSON.stringify(value)).chain(mutateText) },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
  { weight: 1, arbitrary: someId.map((id) => JSON.stringify({ type: "turn.cancel", turnId: id })) },
);

const deep = fc.nat(20_000).map((depth) => "[".repeat(depth));
const large = fc
  .integer({ min: 200_000, max: 300_000 })
  .map((length) => JSON.stringify({ type: "turn.start", turnId: "large", input: { text: "x".repeat(length) } }));

/** Valid frames, frames that nearly are, and what was never meant to be one. */
export const messageArbitrary: fc.Arbitrary<FuzzMessage> = fc.oneof(
  { weight: 400, arbitrary: text.map((data): FuzzMessage => ({ kind: "text", data })) },
  { weight: 1, arbitrary: deep.map((data): FuzzMessage => ({ kind: "text", data })) },
  { weight: 1, arbitrary: large.map((data): FuzzMessage => ({ kind: "text", data })) },
  { weight: 8, arbitrary: fc.uint8Array({ maxLength: 200 }).map((data): FuzzMessage => ({ kind: "binary", data })) },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 50 })
      .map((bytes): FuzzMessage => ({ kind: "broken", data: Uint8Array.from([0xc3, 0x28, ...bytes]) })),
  },
);

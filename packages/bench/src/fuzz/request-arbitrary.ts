import * as fc from "fast-check";
import { mutateText } from "./mutate-text.js";

/** An HTTP request as bytes. */
export interface FuzzRequest {
  readonly bytes: Buffer;
  /** Whether it ends where its head says; of another one, the end of the connection is the answer. */
  readonly isComplete: boolean;
}

const segment = fc.oneof(
  { weight: 6, arbitrary: fc.nat(50).map((n) => `t${n}`) },
  fc.webSegment(),
  fc.constantFrom("..", "%00", "%ff", "a.b", "*", "x".repeat(80), "constructor", "__proto__"),
);
const path = fc.oneof(
  fc.constantFrom("/v2/chat", "/v1/chat", "/api/chat", "/v1/chat/completions", "/v1/models", "/v2/sessions", "/health"),
  fc.constantFrom("/livez", "/readyz", "/openapi.json", "/asyncapi.json", "/docs", "/ws", "/", "//", "*"),
  segment.map((id) => `/v2/sessions/${id}`),
  segment.map((id) => `/v2/sessions/${id}/messages`),
  segment.map((id) => `/v2/turns/${id}/cancel`),
  segment.map((id) => `/v1/models/${id}`),
  segment.map((id) => `/admin/${id}`),
  segment.map((id) => `/ofrep/v1/evaluate/flags/${id}`),
  fc.webPath(),
);
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.webQueryParameters().map((text) => `?${text}`),
  fc.constantFrom("?limit=0", "?limit=-1", "?limit=1e9", "?cursor=%00", "?sessionId=a.b", "?api_version=9", "?=&=&"),
);
const method = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") },
  fc.stringMatching(/^[A-Za-z]{1,12}$/),
);
const header = fc.oneof(
  fc.constantFrom(
    "accept: text/event-stream",
    "accept: application/json",
    "content-type: application/json",
    "content-type: text/plain",
    "authorization: Bearer nonsense",
    "authorization: Basic eDp5",
    "origin: null",
    "origin: https://elsewhere.example",
    "api-version: 1",
    "api-version: nonsense",
    "user-agent: ai-orchestra-sdk/1.0",
    "last-event-id: 1.2",
    "last-event-id: x",
    "traceparent: 00-0-0-0",
    "x-request-id: a b",
    "upgrade: websocket",
    "expect: 100-continue",
  ),
  fc
    .tuple(fc.stringMatching(/^[a-z-]{1,20}$/), fc.stringMatching(/^[ -~]{0,60}$/))
    .map(([name, value]) => `${name}: ${value}`),
);

const model = fc.constantFrom("bench/generator", "nobody/nothing", "", 7, null);
const chatBody = fc.oneof(
  fc.record({
    turnId: segment,
    input: fc.record({ text: fc.string({ maxLength: 40 }) }),
    options: fc.record({ model }),
  }),
  fc.record({
    message: fc.string({ maxLength: 40 }),
    session_id: segment,
    stream: fc.boolean(),
    api_version: fc.jsonValue(),
  }),
  fc.record({
    model,
    messages: fc.array(fc.record({ role: fc.constantFrom("user", "system", "tool", "x"), content: fc.jsonValue() }), {
      maxLength: 3,
    }),
    stream: fc.boolean(),
    tools: fc.jsonValue(),
    temperature: fc.jsonValue(),
  }),
);
const body = fc.oneof(
  fc.constant(""),
  chatBody.map((value) => JSON.stringify(value)),
  chatBody.map((value) => JSON.stringify(value)).chain(mutateText),
  fc.json(),
  fc.string({ unit: "binary", maxLength: 100 }),
);

const target = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(method, path) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("GET"), path) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("POST"),
      fc.constantFrom("/v2/chat", "/v1/chat", "/api/chat", "/v1/chat/completions"),
    ),
  },
);

const wellFormed = fc
  .tuple(target, query, fc.array(header, { maxLength: 5 }), body)
  .map(([[method, path], query, headers, body]): FuzzRequest => {
    const content = Buffer.from(body);
    const head = [`${method} ${path}${query} HTTP/1.1`, "host: localhost", ...headers];
    const lines = [...head, `content-length: ${content.length}`, "", ""];
    return { bytes: Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), content]), isComplete: true };
  });

/** Requests to every route, right and wrong, and bytes that are none. */
export const requestArbitrary: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 12, arbitrary: wellFormed },
  {
    weight: 2,
    arbitrary: wellFormed
      .chain(({ bytes }) => mutateText(bytes.toString("latin1")))
      .map((text): FuzzRequest => ({ bytes: Buffer.from(text, "latin1"), isComplete: false })),
  },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 200 })
      .map((bytes): FuzzRequest => ({ bytes: Buffer.from(bytes), isComplete: false })),
  },
);

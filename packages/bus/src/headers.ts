import { type Msg } from "@nats-io/nats-core";
import { MsgHdrsImpl, MsgImpl } from "@nats-io/nats-core/internal";
import { OrchestraError } from "@ai-orchestra/contracts";

/** Names of the headers that this package writes or reads. NATS header names are case-sensitive. */
export const HEADERS = {
  /** W3C Trace Context. */
  traceparent: "traceparent",
  /** Time the caller still waits, in milliseconds; relative, so that clocks may differ. */
  timeoutMs: "Orchestra-Timeout-Ms",
  /** Error code of an answer whose body is an error envelope. */
  error: "Orchestra-Error",
  messageId: "Nats-Msg-Id",
  expectedStream: "Nats-Expected-Stream",
  expectedLastSubjectSequence: "Nats-Expected-Last-Subject-Sequence",
  pendingMessages: "Nats-Pending-Messages",
  sequence: "Nats-Sequence",
  lastConsumerSequence: "Nats-Last-Consumer",
  consumerStalled: "Nats-Consumer-Stalled",
  kvOperation: "KV-Operation",
} as const;

export type HeaderName = (typeof HEADERS)[keyof typeof HEADERS];

const NEEDLES = Object.fromEntries(Object.values(HEADERS).map((name) => [name, `\r\n${name}:`])) as Record<
  HeaderName,
  string
>;

const VERSION_LINE = "NATS/1.0";
const NO_HEADERS = "";

/** Header values may not break out of their line. */
const LINE_BREAK = /[\r\n]/;

/**
 * Writes a header block. Values are ASCII. Undefined values are left out; no value at all gives `undefined`.
 *
 * @throws OrchestraError `invalid_request` for a value with a line break
 */
export function encodeHeaders(values: Readonly<Record<string, string | undefined>>): Buffer | undefined {
  let text = VERSION_LINE;
  for (const name in values) {
    const value = values[name];
    if (value === undefined) continue;
    if (LINE_BREAK.test(value)) throw new OrchestraError("invalid_request", `header ${name} contains a line break`);
    text += `\r\n${name}: ${value}`;
  }
  return text === VERSION_LINE ? undefined : Buffer.from(`${text}\r\n\r\n`, "latin1");
}

/** The header block of a call; apart from `encodeHeaders` because it is written once per call. */
export function encodeCallHeaders(timeoutMs: number, traceparent: string | undefined): Buffer {
  return Buffer.from(
    traceparent === undefined
      ? `NATS/1.0\r\nOrchestra-Timeout-Ms: ${timeoutMs}\r\n\r\n`
      : `NATS/1.0\r\nOrchestra-Timeout-Ms: ${timeoutMs}\r\ntraceparent: ${traceparent}\r\n\r\n`,
    "latin1",
  );
}

/**
 * Hands an encoded header block to nats-core, whose own header object canonicalises and validates each name again.
 * nats-core encodes inside `publish`, so that one instance serves every message of a connection.
 */
export class EncodedHeaders extends MsgHdrsImpl {
  bytes: Uint8Array = new Uint8Array(0);

  override encode(): Uint8Array {
    return this.bytes;
  }
}

/** The header block of a message as text, empty when it has none; cheaper than nats-core's map of lists. */
export function readHeaderText(message: Msg): string {
  if (message instanceof MsgImpl) {
    const length = message._msg.hdr;
    return length > 0 ? asBuffer(message._rdata).toString("latin1", 0, length) : NO_HEADERS;
  }
  return message.headers === undefined ? NO_HEADERS : asBuffer(encodeForeign(message)).toString("latin1");
}

/** The value of a header in a block from `readHeaderText`. */
export function headerValue(headerText: string, name: HeaderName): string | undefined {
  const needle = NEEDLES[name];
  const start = headerText.indexOf(needle);
  if (start < 0) return undefined;
  const from = start + needle.length;
  const end = headerText.indexOf("\r\n", from);
  return headerText.slice(from, end < 0 ? undefined : end).trim();
}

/** The status that a server put in the first line (503 no responders, 404, 408, …), or 0. */
export function headerStatus(headerText: string): number {
  if (headerText.charCodeAt(VERSION_LINE.length) !== 0x20) return 0;
  const status = Number.parseInt(headerText.slice(VERSION_LINE.length + 1, VERSION_LINE.length + 4), 10);
  return Number.isNaN(status) ? 0 : status;
}

/** A message's payload as text. */
export function readText(message: Msg): string {
  if (message instanceof MsgImpl) {
    const { _rdata: bytes, _msg: arguments_ } = message;
    return asBuffer(bytes).toString("utf8", Math.max(0, arguments_.hdr));
  }
  return asBuffer(message.data).toString("utf8");
}

/** What nats-core hands out are parts of socket buffers, and plain arrays where a message came in pieces. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function encodeForeign(message: Msg): Uint8Array {
  return message.headers instanceof MsgHdrsImpl ? message.headers.encode() : new Uint8Array(0);
}

import { type Msg } from "@nats-io/nats-core";
import { MsgHdrsImpl, MsgImpl } from "@nats-io/nats-core/internal";
import { OrchestraError } from "@ai-orchestra/contracts";

/** Names of the headers that this package writes or reads. NATS header names are case-sensitive. */
export const HEADERS = {
  /** W3C Trace Context. */
  traceparent: "traceparent",
  /** Time the caller still waits, in milliseconds; relative, so that clocks may differ. */
  timeoutMs: "Orchestra-Timeout-Ms",
  /** Number of a call; echoed by those who may not be the only one to answer it. */
  call: "Orchestra-Call",
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
const ASCII_ZERO = 0x30;

/** A header value may not break out of its line, and has one byte for each character. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * A header block as text. Undefined values are left out; no value at all gives the empty text.
 *
 * @throws OrchestraError `invalid_request` for a value that is not printable ASCII
 */
export function writeHeaders(values: Readonly<Record<string, string | undefined>>): string {
  let text = VERSION_LINE;
  for (const name in values) {
    const value = values[name];
    if (value === undefined) continue;
    if (!PRINTABLE_ASCII.test(value)) {
      throw new OrchestraError("invalid_request", `the value of ${name} is not printable ASCII`);
    }
    text += `\r\n${name}: ${value}`;
  }
  return text === VERSION_LINE ? NO_HEADERS : `${text}\r\n\r\n`;
}

/** The header block of a call; apart from `writeHeaders` because it is written once per call. */
export function writeCallHeaders(callNumber: number, timeoutMs: number, traceparent: string | undefined): string {
  const fixed = `NATS/1.0\r\nOrchestra-Call: ${callNumber}\r\nOrchestra-Timeout-Ms: ${timeoutMs}\r\n`;
  return traceparent === undefined ? `${fixed}\r\n` : `${fixed}traceparent: ${traceparent}\r\n\r\n`;
}

/** The header block of a message as text, empty when it has none; cheaper than nats-core's map of lists. */
export function readHeaderText(message: Msg): string {
  if (message instanceof MsgImpl) {
    const length = message._msg.hdr;
    return length > 0 ? asBuffer(message._rdata).toString("latin1", 0, length) : NO_HEADERS;
  }
  return message.headers instanceof MsgHdrsImpl ? asBuffer(message.headers.encode()).toString("latin1") : NO_HEADERS;
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

/** The number at the end of a message's subject, after `prefixLength` characters; without making the text. */
export function readSubjectNumber(message: Msg, prefixLength: number): number {
  if (!(message instanceof MsgImpl)) return Number(message.subject.slice(prefixLength));
  const { subject } = message._msg;
  let value = 0;
  for (let index = prefixLength; index < subject.length; index += 1) {
    const digit = (subject[index] ?? 0) - ASCII_ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** The reply subject of a message, empty when it has none. */
export function readReply(message: Msg): string {
  if (!(message instanceof MsgImpl)) return message.reply ?? "";
  const { reply } = message._msg;
  return reply === undefined ? "" : asBuffer(reply).toString("latin1");
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

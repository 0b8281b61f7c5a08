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
    return length > 0 ? latin1(message._rdata, 0, length) : NO_HEADERS;
  }
  return message.headers === undefined ? NO_HEADERS : new TextDecoder("latin1").decode(encodeForeign(message));
}

/** The value of a header in a block from `readHeaderText`. */
export function headerValue(headerText: string, name: string): string | undefined {
  const start = headerText.indexOf(`\r\n${name}:`);
  if (start < 0) return undefined;
  const from = start + name.length + 3;
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
  const bytes = message.data;
  return Buffer.isBuffer(bytes) ? bytes.toString("utf8") : new TextDecoder().decode(bytes);
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString("latin1", start, end);
}

function encodeForeign(message: Msg): Uint8Array {
  return message.headers instanceof MsgHdrsImpl ? message.headers.encode() : new Uint8Array(0);
}

import { serializeError } from "./serialize-error.js";

const REDACTED = "[redacted]";

/** How deep an object in a log line is looked through; what lies deeper is left out whole. */
const MAX_DEPTH = 6;

/** Names of fields that hold what users wrote or models answered; case, `-` and `_` do not matter. */
const TEXT_NAMES = new Set([
  "arguments",
  "content",
  "delta",
  "input",
  "message",
  "messages",
  "output",
  "partialtext",
  "prompt",
  "text",
  "usercontext",
]);

/** Names of fields that hold credentials: `accessToken` and `OPENAI_API_KEY`, but not `inputTokens`. */
const SECRET_NAME = /(?:authorization|cookie|token|apikey|password|passwd|secret|privatekey|seed|credentials)$/;

/** Credentials that betray themselves by their look: bearer and basic headers, `sk-` keys, user and password in URLs. */
const CREDENTIAL = /(\b(?:Bearer|Basic)\s+)[\w.~+/=-]{8,}|(\bsk-)[\w-]{8,}|(:\/\/)[^\s/@"\\]+(?=@)/gi;

/** Whether a field of this name holds user text or a credential. */
function isSensitiveName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[-_]/g, "");
  return TEXT_NAMES.has(plain) || SECRET_NAME.test(plain);
}

/**
 * A copy of a log line's fields in which every string, list and object under a sensitive name is replaced, at any depth
 * down to six. Numbers, booleans and null stay: `messages: 3` says nothing. The very same object comes back when there
 * was nothing to replace.
 */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

/** Replaces what looks like a credential in a finished line. */
export function redactLine(line: string): string {
  return line.replace(CREDENTIAL, (_, scheme?: string, key?: string, url?: string) => {
    return `${scheme ?? key ?? url ?? ""}${REDACTED}`;
  });
}

function redactObject(source: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name in source) {
    const value = source[name];
    const redacted = redactValue(name, value, depth);
    if (redacted === value) continue;
    copy ??= { ...source };
    copy[name] = redacted;
  }
  return copy ?? source;
}

function redactValue(name: string, value: unknown, depth: number): unknown {
  if (typeof value !== "object" && typeof value !== "string") return value;
  if (value === null) return value;
  if (isSensitiveName(name)) return REDACTED;
  return typeof value === "string" ? value : redactNested(value, depth + 1);
}

function redactNested(value: object, depth: number): unknown {
  if (value instanceof Error) return serializeError(value);
  if (depth >= MAX_DEPTH) return REDACTED;
  if (Array.isArray(value)) {
    const items: unknown[] = value;
    let changed = false;
    const redacted = items.map((item) => {
      const next = typeof item === "object" && item !== null ? redactNested(item, depth + 1) : item;
      changed ||= next !== item;
      return next;
    });
    return changed ? redacted : value;
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return redactConverted(value as Convertible, depth);
  return redactObject(value as Record<string, unknown>, depth);
}

interface Convertible {
  toJSON(): unknown;
}

/** Converts now what would be converted on writing, to see what comes out of it. */
function redactConverted(value: Convertible, depth: number): unknown {
  try {
    const plain = value.toJSON();
    return typeof plain === "object" && plain !== null ? redactNested(plain, depth + 1) : plain;
  } catch {
    return REDACTED;
  }
}

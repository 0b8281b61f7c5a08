const MAX_LENGTH = 300;
const ERROR_LEVEL = 50;
/** How Node begins the report of an error nobody caught. */
const UNCAUGHT_ERROR = /^(Uncaught )?\w*Error\b.*: /;

/**
 * The line of a log's tail that says best why a process ended: the last one that reports an error, else the last one.
 * JSON lines (pino) are reduced to their message and error.
 */
export function describeLogLine(tail: readonly string[]): string | undefined {
  const entries = tail.map(parseLine);
  const chosen = entries.findLast((entry) => entry.level >= ERROR_LEVEL) ?? entries.at(-1);
  return chosen === undefined ? undefined : chosen.text.slice(0, MAX_LENGTH);
}

interface LogEntry {
  level: number;
  text: string;
}

function parseLine(line: string): LogEntry {
  if (line.startsWith("{")) {
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: unknown; msg?: unknown; err?: { message?: unknown } };
      const message = typeof msg === "string" ? msg : "";
      const cause = typeof err?.message === "string" ? err.message : "";
      const text = [message, cause === message ? "" : cause].filter((part) => part !== "").join(": ");
      if (text !== "") return { level: typeof level === "number" ? level : 0, text };
    } catch {
      // Not JSON after all: shown as it is.
    }
  }
  return { level: UNCAUGHT_ERROR.test(line) ? ERROR_LEVEL : 0, text: line.trim() };
}

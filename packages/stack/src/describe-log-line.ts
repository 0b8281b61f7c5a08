const MAX_LENGTH = 300;
const MAX_CAUSES = 5;
/** pino's levels from error up, by number and by name. */
const ERROR_LEVELS = new Set<unknown>([50, 60, "error", "fatal"]);
/** How Node begins the report of an error nobody caught. */
const UNCAUGHT_ERROR = /^(Uncaught )?\w*Error\b.*: /;

/**
 * The line of a log's tail that says best why a process ended: the last one that reports an error, else the last one
 * that is not JSON, because programs tell people why they will not start, else the last one. JSON lines (pino) are reduced to their message and error.
 */
export function describeLogLine(tail: readonly string[]): string | undefined {
  const entries = tail.map(parseLine);
  const chosen =
    entries.findLast((entry) => entry.isError) ?? entries.findLast((entry) => !entry.isJson) ?? entries.at(-1);
  return chosen === undefined ? undefined : chosen.text.slice(0, MAX_LENGTH);
}

interface LogEntry {
  isError: boolean;
  isJson: boolean;
  text: string;
}

function parseLine(line: string): LogEntry {
  if (line.startsWith("{")) {
    try {
      const { level, msg, err } = JSON.parse(line) as { level?: unknown; msg?: unknown; err?: LoggedError };
      const text = joinMessages([msg, ...listMessages(err)]);
      if (text !== "") return { isError: ERROR_LEVELS.has(level), isJson: true, text };
    } catch {
      // Not JSON after all: shown as it is.
    }
  }
  return { isError: UNCAUGHT_ERROR.test(line), isJson: false, text: line.trim() };
}

interface LoggedError {
  message?: unknown;
  cause?: LoggedError;
}

/** The messages of an error and its causes, outermost first. */
function listMessages(error: LoggedError | undefined): unknown[] {
  const messages: unknown[] = [];
  for (
    let current = error, depth = 0;
    current !== undefined && depth < MAX_CAUSES;
    current = current.cause, depth += 1
  ) {
    messages.push(current.message);
  }
  return messages;
}

/** Joins what is text and is not already said by what comes before it. */
function joinMessages(messages: readonly unknown[]): string {
  let joined = "";
  for (const message of messages) {
    if (typeof message !== "string" || message === "" || joined.includes(message)) continue;
    joined = joined === "" ? message : `${joined}: ${message}`;
  }
  return joined;
}

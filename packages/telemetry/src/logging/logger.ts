import { createRequire } from "node:module";
import { isSpanContextValid, trace } from "@opentelemetry/api";
import {
  destination,
  pino,
  stdTimeFunctions,
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger as PinoLogger,
} from "pino";
import type PinoPretty from "pino-pretty";
import { activeLogFields } from "./log-fields.js";
import { redactFields, redactLine } from "./redaction.js";

export type Logger = PinoLogger;

export interface LoggerOptions {
  service: string;
  instance: string;
  /** `trace`, `debug`, `info` (default), `warn`, `error`, `fatal` or `silent`. */
  level?: string;
  /** Coloured text for people instead of JSON lines. */
  pretty?: boolean;
  /** Where lines go; standard output unless given. */
  destination?: DestinationStream;
}

/** Characters that wait for a slow reader of standard output; past it new lines are dropped rather than memory spent. */
const MAX_WAITING_CHARS = 8 * 1024 * 1024;

/**
 * A logger of one line per call: `level`, `time` (ISO 8601), `service`, `instance`, `traceId` inside a trace, the fields
 * of `withLogFields`, then the call's own fields and `msg`. Credentials and user text are replaced by `[redacted]`, errors
 * become type, code, message, stack and cause.
 *
 * Writing never blocks the process; what is still waiting is written out when the process exits, unless it is killed.
 */
export function createLogger(o: LoggerOptions): Logger {
  const { service, instance, level = "info", pretty = false } = o;
  const stream = o.destination ?? (pretty ? openPrettyOutput() : openStandardOutput());
  const logger = pino(
    {
      level,
      base: { service, instance },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: redactFields },
      // Errors are plain by now; pino's own serializer would take them for errors again and flatten them.
      serializers: { err: (plain: unknown) => plain },
      mixin: correlationFields,
      hooks: { streamWrite: redactLine },
    },
    stream,
  );
  return redactChildBindings(logger);
}

/** Children inherit everything from their parent but the formatter of bindings, so theirs are redacted before. */
function redactChildBindings(logger: Logger): Logger {
  type CreateChild = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;
  const createChild = Reflect.get<object, string>(logger, "child") as CreateChild;
  const child: CreateChild = function child(this, bindings, options) {
    return createChild.call(this, redactFields(bindings), options);
  };
  return Object.assign(logger, { child });
}

function correlationFields(): Record<string, unknown> {
  const spanContext = trace.getActiveSpan()?.spanContext();
  const fields: Record<string, unknown> = {};
  if (spanContext !== undefined && isSpanContextValid(spanContext)) fields["traceId"] = spanContext.traceId;
  return Object.assign(fields, activeLogFields());
}

function openStandardOutput(): DestinationStream {
  return destination({ dest: 1, sync: false, maxLength: MAX_WAITING_CHARS });
}

/** Loaded on demand: a service that logs JSON never pays for it. */
function openPrettyOutput(): DestinationStream {
  const pretty = createRequire(import.meta.url)("pino-pretty") as typeof PinoPretty;
  return pretty({
    colorize: true,
    ignore: "pid,hostname",
    translateTime: "SYS:HH:MM:ss.l",
    destination: 1,
    sync: true,
  });
}

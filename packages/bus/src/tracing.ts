import {
  context,
  type SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type Tracer,
} from "@opentelemetry/api";
import type { OrchestraError } from "@ai-orchestra/contracts";

/** A span together with the context in which it is the active one. */
export interface ActiveSpan {
  readonly span: Span;
  readonly context: Context;
}

/**
 * Starts a span `<operation> <subject>` below the one of `parent`. Undefined where no trace is recorded: then the parent's own context goes
 * onto the wire, and the message costs no span.
 */
export function startSpan(
  tracer: Tracer,
  operation: string,
  kind: SpanKind,
  subject: string,
  parent: Context,
): ActiveSpan | undefined {
  if (!isRecorded(parent)) return undefined;
  const span = tracer.startSpan(
    `${operation} ${subject}`,
    { kind, attributes: { "messaging.system": "nats", "messaging.destination.name": subject } },
    parent,
  );
  return { span, context: trace.setSpan(parent, span) };
}

/** Ends a span as failed. */
export function failSpan(active: ActiveSpan | undefined, error: OrchestraError): void {
  if (active === undefined) return;
  active.span.setAttribute("error.type", error.code);
  active.span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
  active.span.end();
}

/** Runs `work` with `ctx` active, without touching the context where there is nothing to activate. */
export function runInContext<A extends unknown[], R>(ctx: Context | undefined, work: (...args: A) => R, ...args: A): R {
  return ctx === undefined ? work(...args) : context.with(ctx, work, undefined, ...args);
}

function isRecorded(parent: Context): boolean {
  const span = trace.getSpan(parent);
  if (span === undefined) return false;
  const spanContext = span.spanContext();
  return span.isRecording() || (spanContext.isRemote === true && (spanContext.traceFlags & TraceFlags.SAMPLED) !== 0);
}

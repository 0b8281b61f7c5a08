import { randomBytes } from "node:crypto";
import {
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  type Context,
  type SpanContext,
  type Tracer,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";

/** The tracer of a module, for example `getTracer("bus")`. Spans started before `startTracing` are no-ops. */
export function getTracer(name: string): Tracer {
  return trace.getTracer(name);
}

/** The W3C `traceparent` of a context (the active one unless given); undefined when it is in no trace. */
export function injectTraceContext(ctx: Context = context.active()): string | undefined {
  const spanContext = validSpanContext(ctx);
  if (spanContext === undefined) return undefined;
  const flags = spanContext.traceFlags.toString(16).padStart(2, "0");
  return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
}

/**
 * The context that a `traceparent` describes. Without one, or with one that is malformed, the root context: a message
 * never joins the trace that happened to be active where it was received.
 */
export function extractTraceContext(traceparent: string | undefined): Context {
  if (traceparent === undefined) return ROOT_CONTEXT;
  const spanContext = parseTraceParent(traceparent);
  if (spanContext === null || !isSpanContextValid(spanContext)) return ROOT_CONTEXT;
  spanContext.isRemote = true;
  return trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** The trace id of a context (the active one unless given), 32 hex digits; a random one when it is in no trace. */
export function traceIdOf(ctx: Context = context.active()): string {
  return validSpanContext(ctx)?.traceId ?? randomBytes(16).toString("hex");
}

function validSpanContext(ctx: Context): SpanContext | undefined {
  const spanContext = trace.getSpanContext(ctx);
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext : undefined;
}

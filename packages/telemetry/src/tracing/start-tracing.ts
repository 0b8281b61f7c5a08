import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { LazySpanExporter, type ExportObserver, type TraceExporterName } from "./lazy-span-exporter.js";

export interface TracingOptions {
  service: string;
  instance: string;
  /** Where spans go. The exporters read their own `OTEL_EXPORTER_*` variables. */
  exporter: TraceExporterName;
  /** Share of the traces that start here which are recorded, 0 to 1 (default 1); a trace that comes in keeps its decision. */
  sampleRatio?: number;
  /** Further receivers of spans, in tests mostly. With any, spans are recorded even without an exporter. */
  spanProcessors?: SpanProcessor[];
  observer?: ExportObserver;
}

export interface Tracing {
  /** Sends what is still waiting, for `timeoutMs` (default 2000) at most, and uninstalls everything. Never rejects; idempotent. */
  shutdown(timeoutMs?: number): Promise<void>;
}

const DEFAULT_SHUTDOWN_TIMEOUT_MS = 2000;

/**
 * Installs tracing for the process: provider, context that follows async calls, W3C propagation. With exporter `none`
 * nothing is recorded, yet spans have valid ids, so every answer still has a trace id that all services share.
 *
 * @throws Error when tracing is already started in this process.
 */
export function startTracing(o: TracingOptions): Tracing {
  const { service, instance, exporter, sampleRatio = 1, spanProcessors = [], observer } = o;
  const processors = [...spanProcessors];
  if (exporter !== "none") processors.push(new BatchSpanProcessor(new LazySpanExporter(exporter, observer)));
  const contextManager = new AsyncLocalStorageContextManager().enable();
  if (!context.setGlobalContextManager(contextManager)) {
    throw new Error("tracing is already started in this process: shut it down before starting it again");
  }
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": service, "service.instance.id": instance }),
    sampler:
      processors.length === 0
        ? new AlwaysOffSampler()
        : new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: processors,
  });
  trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());

  let stopping: Promise<void> | undefined;
  return {
    shutdown: (timeoutMs = DEFAULT_SHUTDOWN_TIMEOUT_MS) => {
      stopping ??= shutdownWithin(provider, timeoutMs, observer).finally(() => {
        trace.disable();
        propagation.disable();
        context.disable();
      });
      return stopping;
    },
  };
}

async function shutdownWithin(
  provider: NodeTracerProvider,
  timeoutMs: number,
  observer?: ExportObserver,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`spans were not sent within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([provider.shutdown(), deadline]);
  } catch (error) {
    observer?.onExportFailing(error instanceof Error ? error : new Error(String(error)));
  } finally {
    clearTimeout(timer);
  }
}

export { withLogFields, type LogFields } from "./logging/log-fields.js";
export { createLogger, type Logger, type LoggerOptions } from "./logging/logger.js";
export { redactLine } from "./logging/redaction.js";
export { serializeError, type SerializedError } from "./logging/serialize-error.js";
export { OVERFLOW_LABEL, type LabelValues } from "./metrics/bounded-labels.js";
export type { Counter, Gauge, Histogram } from "./metrics/bounded-metrics.js";
export {
  createMetrics,
  type GaugeOptions,
  type HistogramOptions,
  type MetricOptions,
  type Metrics,
} from "./metrics/create-metrics.js";
export { TRACE_EXPORTERS, type ExportObserver, type TraceExporterName } from "./tracing/lazy-span-exporter.js";
export { startTracing, type Tracing, type TracingOptions } from "./tracing/start-tracing.js";
export { extractTraceContext, getTracer, injectTraceContext, traceIdOf } from "./tracing/trace-context.js";

import { ExportResultCode, type ExportResult } from "@opentelemetry/core";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";

/** Every name that `OTEL_TRACES_EXPORTER` takes. */
export const TRACE_EXPORTERS = ["none", "otlp", "jaeger", "zipkin", "console"] as const;

export type TraceExporterName = (typeof TRACE_EXPORTERS)[number];

/** Told when exporting begins to fail and when it works again, not about every lost batch in between. */
export interface ExportObserver {
  onExportFailing(error: Error): void;
  onExportRecovered(): void;
}

type LoadableExporterName = Exclude<TraceExporterName, "none">;

/** Loads the exporter with its first batch, so that a process pays only for the exporter that it uses, when it uses it. */
export class LazySpanExporter implements SpanExporter {
  readonly #name: LoadableExporterName;
  readonly #observer: ExportObserver | undefined;
  #loading: Promise<SpanExporter> | undefined;
  #health: "working" | "failing" = "working";

  constructor(name: LoadableExporterName, observer?: ExportObserver) {
    this.#name = name;
    this.#observer = observer;
  }

  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    const report = (result: ExportResult): void => {
      this.#observe(result);
      resultCallback(result);
    };
    this.#load()
      .then((exporter) => exporter.export(spans, report))
      .catch((error: unknown) => report({ code: ExportResultCode.FAILED, error: toError(error) }));
  }

  async shutdown(): Promise<void> {
    const exporter = await this.#loading;
    await exporter?.shutdown();
  }

  #load(): Promise<SpanExporter> {
    this.#loading ??= loadExporter(this.#name);
    return this.#loading;
  }

  #observe(result: ExportResult): void {
    const health = result.code === ExportResultCode.SUCCESS ? "working" : "failing";
    if (health === this.#health) return;
    this.#health = health;
    if (health === "working") this.#observer?.onExportRecovered();
    else this.#observer?.onExportFailing(result.error ?? new Error("the exporter gave no reason"));
  }
}

async function loadExporter(name: LoadableExporterName): Promise<SpanExporter> {
  switch (name) {
    case "otlp": {
      const { OTLPTraceExporter } = await import("@opentelemetry/exporter-trace-otlp-http");
      return new OTLPTraceExporter();
    }
    case "jaeger": {
      const { JaegerExporter } = await import("@opentelemetry/exporter-jaeger");
      return new JaegerExporter();
    }
    case "zipkin": {
      const { ZipkinExporter } = await import("@opentelemetry/exporter-zipkin");
      return new ZipkinExporter();
    }
    case "console": {
      const { ConsoleSpanExporter } = await import("@opentelemetry/sdk-trace-base");
      return new ConsoleSpanExporter();
    }
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

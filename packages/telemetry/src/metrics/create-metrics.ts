import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from "prom-client";
import { BoundedLabels } from "./bounded-labels.js";
import { Counter, Gauge, Histogram } from "./bounded-metrics.js";

const PREFIX = "orchestra_";
const DEFAULT_MAX_SERIES = 500;

/** Seconds, from a cache hit to a turn's longest wait. */
const DEFAULT_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

export interface MetricOptions<Label extends string> {
  /** Without the prefix `orchestra_`; with the base unit (`_seconds`, `_bytes`), and `_total` for counters, at the end. */
  name: string;
  help: string;
  labelNames?: readonly Label[];
  /** Combinations of label values (default 500); past it they are counted under the value `other`. */
  maxSeries?: number;
}

export interface GaugeOptions<Label extends string> extends MetricOptions<Label> {
  /** Called before each reading, to set what is cheaper to look up than to keep current. */
  collect?: (gauge: Gauge<Label>) => void | Promise<void>;
}

export interface HistogramOptions<Label extends string> extends MetricOptions<Label> {
  /** Upper bounds, rising, in the unit of the name; the default is meant for seconds. */
  buckets?: readonly number[];
}

export interface Metrics {
  readonly registry: Registry;
  /** @throws Error when the name is taken or carries the prefix already; so do the others. */
  counter<Label extends string = never>(o: MetricOptions<Label>): Counter<Label>;
  gauge<Label extends string = never>(o: GaugeOptions<Label>): Gauge<Label>;
  histogram<Label extends string = never>(o: HistogramOptions<Label>): Histogram<Label>;
}

/**
 * A registry of its own per service instance: the process metrics of Node and what the service adds, all named
 * `orchestra_…` and labelled with service and instance.
 */
export function createMetrics(o: { service: string; instance: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: o.service, instance: o.instance });
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  return {
    registry,
    counter: (options) => {
      return new Counter(new PromCounter(commonConfig(registry, options)), boundLabels(options));
    },
    gauge: (options) => createGauge(registry, options),
    histogram: (options) => {
      const config = { ...commonConfig(registry, options), buckets: [...(options.buckets ?? DEFAULT_BUCKETS_SECONDS)] };
      return new Histogram(new PromHistogram(config), boundLabels(options));
    },
  };
}

function createGauge<Label extends string>(registry: Registry, o: GaugeOptions<Label>): Gauge<Label> {
  const { collect } = o;
  const gauge: Gauge<Label> = new Gauge(
    new PromGauge({
      ...commonConfig(registry, o),
      ...(collect === undefined ? {} : { collect: (): void | Promise<void> => collect(gauge) }),
    }),
    boundLabels(o),
  );
  return gauge;
}

function commonConfig<Label extends string>(registry: Registry, o: MetricOptions<Label>) {
  if (o.name.startsWith(PREFIX)) throw new Error(`metric "${o.name}": leave the prefix ${PREFIX} out, it is added`);
  return { name: PREFIX + o.name, help: o.help, labelNames: [...(o.labelNames ?? [])], registers: [registry] };
}

function boundLabels<Label extends string>(o: MetricOptions<Label>): BoundedLabels<Label> {
  return new BoundedLabels(o.labelNames ?? [], o.maxSeries ?? DEFAULT_MAX_SERIES);
}

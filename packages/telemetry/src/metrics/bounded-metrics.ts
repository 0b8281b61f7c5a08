import type { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram } from "prom-client";
import type { BoundedLabels, LabelValues } from "./bounded-labels.js";

/** Counts upwards. */
export class Counter<Label extends string = string> {
  readonly #metric: PromCounter<Label>;
  readonly #labels: BoundedLabels<Label>;

  constructor(metric: PromCounter<Label>, labels: BoundedLabels<Label>) {
    this.#metric = metric;
    this.#labels = labels;
  }

  inc(value?: number): void;
  inc(labels: LabelValues<Label>, value?: number): void;
  inc(first: LabelValues<Label> | number = 1, value = 1): void {
    if (typeof first === "number") this.#metric.inc(first);
    else this.#metric.inc(this.#labels.admit(first), value);
  }
}

/** A value that goes up and down. */
export class Gauge<Label extends string = string> {
  readonly #metric: PromGauge<Label>;
  readonly #labels: BoundedLabels<Label>;

  constructor(metric: PromGauge<Label>, labels: BoundedLabels<Label>) {
    this.#metric = metric;
    this.#labels = labels;
  }

  set(value: number): void;
  set(labels: LabelValues<Label>, value: number): void;
  set(first: LabelValues<Label> | number, value = 0): void {
    if (typeof first === "number") this.#metric.set(first);
    else this.#metric.set(this.#labels.admit(first), value);
  }

  inc(value?: number): void;
  inc(labels: LabelValues<Label>, value?: number): void;
  inc(first: LabelValues<Label> | number = 1, value = 1): void {
    if (typeof first === "number") this.#metric.inc(first);
    else this.#metric.inc(this.#labels.admit(first), value);
  }

  dec(value?: number): void;
  dec(labels: LabelValues<Label>, value?: number): void;
  dec(first: LabelValues<Label> | number = 1, value = 1): void {
    if (typeof first === "number") this.#metric.dec(first);
    else this.#metric.dec(this.#labels.admit(first), value);
  }

  /** Forgets one series, which makes room for another. */
  remove(labels: LabelValues<Label>): void {
    if (this.#labels.release(labels)) this.#metric.remove(labels);
  }
}

/** Counts values in buckets. */
export class Histogram<Label extends string = string> {
  readonly #metric: PromHistogram<Label>;
  readonly #labels: BoundedLabels<Label>;

  constructor(metric: PromHistogram<Label>, labels: BoundedLabels<Label>) {
    this.#metric = metric;
    this.#labels = labels;
  }

  observe(value: number): void;
  observe(labels: LabelValues<Label>, value: number): void;
  observe(first: LabelValues<Label> | number, value = 0): void {
    if (typeof first === "number") this.#metric.observe(first);
    else this.#metric.observe(this.#labels.admit(first), value);
  }
}

/** The value that labels get past a metric's bound. */
export const OVERFLOW_LABEL = "other";

export type LabelValues<Label extends string> = Partial<Record<Label, string | number>>;

/**
 * Keeps the number of series of one metric bounded. The first `maxSeries` combinations of label values are admitted; every
 * further one is counted under `other`, so that a label fed by a careless caller costs precision, never memory.
 */
export class BoundedLabels<Label extends string> {
  readonly #labelNames: readonly Label[];
  readonly #maxSeries: number;
  readonly #admitted = new Set<string>();
  readonly #overflow: LabelValues<Label>;

  constructor(labelNames: readonly Label[], maxSeries: number) {
    this.#labelNames = labelNames;
    this.#maxSeries = maxSeries;
    const overflow: LabelValues<Label> = {};
    for (const name of labelNames) overflow[name] = OVERFLOW_LABEL;
    this.#overflow = overflow;
  }

  admit(labels: LabelValues<Label>): LabelValues<Label> {
    const key = this.#keyOf(labels);
    if (this.#admitted.has(key)) return labels;
    if (this.#admitted.size >= this.#maxSeries) return this.#overflow;
    this.#admitted.add(key);
    return labels;
  }

  /** Makes room again; true when the series was an admitted one. */
  release(labels: LabelValues<Label>): boolean {
    return this.#admitted.delete(this.#keyOf(labels));
  }

  #keyOf(labels: LabelValues<Label>): string {
    let key = "";
    for (const name of this.#labelNames) key += `${labels[name] ?? ""}\u0000`;
    return key;
  }
}

/** What a fuzz run met, and what should not have happened. */
export class FuzzTally {
  readonly #answers = new Map<string, number>();
  readonly violations: string[] = [];
  cases = 0;

  /** How often each kind of answer came, the most frequent first. */
  get answers(): readonly (readonly [string, number])[] {
    return [...this.#answers].sort(([, a], [, b]) => b - a);
  }

  answered(kind: string): void {
    this.#answers.set(kind, (this.#answers.get(kind) ?? 0) + 1);
  }

  /** Keeps the first hundred. */
  violated(what: string, input: string | Uint8Array): void {
    this.answered("violation");
    if (this.violations.length >= 100) return;
    const text = typeof input === "string" ? input : Buffer.from(input).toString("latin1");
    this.violations.push(`${what}: ${JSON.stringify(text.slice(0, 300))}`);
  }
}

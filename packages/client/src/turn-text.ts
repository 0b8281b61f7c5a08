/**
 * The answer's text as far as it is known, in the pieces it came in. A new attempt starts a new epoch with no text.
 * Bounded by the server's limit on a turn's output.
 */
export class TurnText {
  #epoch = 0;
  #chunks: string[] = [];

  /** Grows by one whenever the text starts again from nothing. */
  get epoch(): number {
    return this.#epoch;
  }

  get chunks(): readonly string[] {
    return this.#chunks;
  }

  restart(): void {
    // A new array: cursors still read what they have shown from the old one.
    if (this.#chunks.length > 0) this.#chunks = [];
    this.#epoch += 1;
  }

  append(text: string): void {
    if (text !== "") this.#chunks.push(text);
  }

  /** Makes the text equal to `output`, appending what is missing or else starting again. */
  settle(output: string): void {
    if (this.extend(output)) return;
    this.restart();
    this.append(output);
  }

  /** Appends what `longer` has more than the text so far; false, and nothing done, where it does not begin with it. */
  extend(longer: string): boolean {
    const known = this.#chunks.join("");
    if (!longer.startsWith(known)) return false;
    this.append(longer.slice(known.length));
    return true;
  }
}

/** What a reader gets next. `discarded`: this text, shown before, no longer holds, and `text` begins the answer anew. */
export interface TextStep {
  readonly text: string;
  readonly discarded?: string;
}

/**
 * One reader's place in a turn's text. While a new attempt repeats what the reader was already given, it is given
 * nothing; it goes on where the new attempt has more. Only when the new text differs is the old one taken back.
 */
export class TextCursor {
  #epoch = 0;
  #chunks: readonly string[] = [];
  #index = 0;
  /** What was shown of an earlier attempt and has not yet come again in this one. */
  #expected = "";
  #matched = 0;

  /** @param complete the turn completed: its text is all there */
  read(source: TurnText, complete: boolean): TextStep {
    if (source.epoch !== this.#epoch) this.#moveTo(source);
    this.#chunks = source.chunks;
    let text = "";
    for (; this.#index < this.#chunks.length; this.#index += 1) {
      const chunk = this.#chunks[this.#index] ?? "";
      const repeated = chunk.slice(0, this.#expected.length - this.#matched);
      if (!this.#expected.startsWith(repeated, this.#matched)) return this.#discard();
      this.#matched += repeated.length;
      text += chunk.slice(repeated.length);
    }
    if (complete && this.#matched < this.#expected.length) return this.#discard();
    return { text };
  }

  #moveTo(source: TurnText): void {
    if (this.#matched === this.#expected.length) this.#expected = this.#chunks.slice(0, this.#index).join("");
    this.#matched = 0;
    this.#index = 0;
    this.#epoch = source.epoch;
  }

  #discard(): TextStep {
    const discarded = this.#expected;
    this.#expected = "";
    this.#matched = 0;
    this.#index = this.#chunks.length;
    return { text: this.#chunks.join(""), discarded };
  }
}

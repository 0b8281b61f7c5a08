type Progress =
  /** Everything sent so far is of the attempt that runs. */
  | { readonly kind: "following" }
  /** An attempt began again: its text up to `matched` equals what was sent. */
  | { readonly kind: "replaying"; matched: number }
  /** The attempt that runs says something else than what was sent. */
  | { readonly kind: "diverged" };

/**
 * The text of an answer for a client that cannot take back what it got. When an attempt starts over, what it repeats
 * is left out; once it says something else, nothing more can be sent. Keeps the text sent, which the cap on a turn's
 * output bounds.
 */
export class AppendOnlyText {
  #sent = "";
  #progress: Progress = { kind: "following" };

  get diverged(): boolean {
    return this.#progress.kind === "diverged";
  }

  /** A new attempt begins with nothing said. */
  restart(): void {
    if (this.#sent !== "") this.#progress = { kind: "replaying", matched: 0 };
  }

  /** Takes the attempt's next text and returns what of it is new to the client; nothing after it `diverged`. */
  append(text: string): string {
    const progress = this.#progress;
    switch (progress.kind) {
      case "diverged":
        return "";
      case "following":
        this.#sent += text;
        return text;
      case "replaying": {
        const expected = this.#sent.slice(progress.matched, progress.matched + text.length);
        if (!text.startsWith(expected)) {
          this.#progress = { kind: "diverged" };
          return "";
        }
        progress.matched += expected.length;
        if (progress.matched < this.#sent.length) return "";
        this.#progress = { kind: "following" };
        return this.append(text.slice(expected.length));
      }
    }
  }

  /** Whether the attempt ended, as it did, with all that was sent. */
  endedWhole(): boolean {
    return this.#progress.kind === "following";
  }
}

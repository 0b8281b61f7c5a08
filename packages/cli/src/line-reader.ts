import type { Interface } from "node:readline";

/** Lines that may wait while an answer runs; past that the input is not read on. */
const MAX_WAITING_LINES = 100;

/** The lines of an input, one at a time; those that come meanwhile wait. */
export class LineReader {
  readonly #input: Interface;
  readonly #waiting: string[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  /** @param takeUrgent takes a line out of turn, when it returns true */
  constructor(input: Interface, takeUrgent: (line: string) => boolean) {
    this.#input = input;
    input.on("line", (line) => {
      if (takeUrgent(line)) return;
      this.#waiting.push(line);
      if (this.#waiting.length >= MAX_WAITING_LINES) input.pause();
      this.#wake?.();
    });
    input.on("close", () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** The next line; undefined at the end of the input. */
  async next(): Promise<string | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const line = this.#waiting.shift();
    if (!this.#ended && this.#waiting.length === MAX_WAITING_LINES - 1) this.#input.resume();
    return line;
  }
}

import type { Writable } from "node:stream";

/** Writes to the terminal, keeping notes apart from streamed text. Colour only where asked for. */
export class Screen {
  readonly #output: Writable;
  readonly #colour: boolean;
  #atLineStart = true;
  #prompt: (() => void) | undefined;

  constructor(output: Writable, colour: boolean) {
    this.#output = output;
    this.#colour = colour;
  }

  /** Text as it comes, without a line end of its own. */
  write(text: string): void {
    if (text === "") return;
    this.#output.write(text);
    this.#atLineStart = text.endsWith("\n");
  }

  /** A line of its own. */
  line(text: string): void {
    // A prompt that waits is wiped, and written again below the line.
    if (this.#prompt === undefined) this.endLine();
    else this.#output.write("\r\u001B[K");
    this.write(`${text}\n`);
    this.#prompt?.();
  }

  /** A dim line of its own. */
  note(text: string): void {
    this.line(this.#colour ? `\u001B[2m${text}\u001B[22m` : text);
  }

  /** A red line of its own. */
  alert(text: string): void {
    this.line(this.#colour ? `\u001B[31m${text}\u001B[39m` : text);
  }

  endLine(): void {
    if (!this.#atLineStart) this.write("\n");
  }

  /** Shows a prompt, with whatever was typed at it, until it is answered. */
  showPrompt(prompt: () => void): void {
    this.endLine();
    this.#prompt = prompt;
    prompt();
  }

  /** The person at the terminal ended the prompt's line. */
  notePromptAnswered(): void {
    this.#prompt = undefined;
    this.#atLineStart = true;
  }
}

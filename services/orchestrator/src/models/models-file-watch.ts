import { statSync } from "node:fs";
import type { Clock, Timer } from "@ai-orchestra/service-kit";

export interface ModelsFileWatchOptions {
  path: string;
  clock: Clock;
  /** How often the file's time and size are looked at. */
  pollMs: number;
  /** Called when the file has changed, come or gone, and looks the same twice in a row. */
  onChange: () => void;
}

/**
 * Notices changes of one file. It polls, because that sees editors that move a new file over the old one, and the
 * symbolic links of mounted configuration, on every file system.
 */
export class ModelsFileWatch {
  readonly #options: ModelsFileWatchOptions;
  #timer: Timer | undefined;
  #known = "";
  #lastSeen = "";

  constructor(options: ModelsFileWatchOptions) {
    this.#options = options;
  }

  /** Changes count from here on. */
  start(): void {
    if (this.#timer !== undefined) return;
    const { clock, pollMs } = this.#options;
    this.#known = this.#lastSeen = this.#look();
    this.#timer = clock.setInterval(() => this.#poll(), pollMs);
    this.#timer.unref();
  }

  stop(): void {
    this.#options.clock.clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    const seen = this.#look();
    const isSettled = seen === this.#lastSeen;
    this.#lastSeen = seen;
    if (!isSettled || seen === this.#known) return;
    this.#known = seen;
    this.#options.onChange();
  }

  /** What tells one version of the file from another; a file that cannot be looked at is like none. */
  #look(): string {
    try {
      const { ino, mtimeMs, size } = statSync(this.#options.path);
      return `${ino} ${mtimeMs} ${size}`;
    } catch {
      return "";
    }
  }
}

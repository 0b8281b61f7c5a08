import { unwatchFile, watchFile, type Stats } from "node:fs";
import type { Clock, Timer } from "@ai-orchestra/service-kit";

export interface ModelsFileWatchOptions {
  path: string;
  clock: Clock;
  /** Called once the file has not changed any more for `settleMs`. */
  onChange: () => void;
  /** How often the file's time and size are looked at. */
  pollMs: number;
  settleMs: number;
}

/**
 * Notices changes of one file, also its coming and going. It polls, because that sees editors that write a new file in
 * place of the old one, and the symbolic links of mounted configuration, on every file system.
 */
export class ModelsFileWatch {
  readonly #options: ModelsFileWatchOptions;
  readonly #listener: (now: Stats, before: Stats) => void;
  #timer: Timer | undefined;

  constructor(options: ModelsFileWatchOptions) {
    this.#options = options;
    const { clock, settleMs, onChange } = options;
    this.#listener = (now, before) => {
      if (now.mtimeMs === before.mtimeMs && now.size === before.size && now.ino === before.ino) return;
      clock.clearTimeout(this.#timer);
      this.#timer = clock.setTimeout(onChange, settleMs);
    };
  }

  start(): void {
    watchFile(this.#options.path, { interval: this.#options.pollMs, persistent: false }, this.#listener);
  }

  stop(): void {
    unwatchFile(this.#options.path, this.#listener);
    this.#options.clock.clearTimeout(this.#timer);
  }
}

import { closeSync, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { copyFile, stat, truncate } from "node:fs/promises";
import { dirname } from "node:path";

const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const DEFAULT_CHECK_INTERVAL_MS = 5_000;
const TAIL_BYTES = 16 * 1024;

/**
 * The log of one child process. The child appends to the file itself, so it neither costs this process anything nor
 * breaks when this process dies. Emptied at the start; past `maxBytes` it is moved to `<path>.1` and begins anew.
 */
export class LogFile {
  readonly path: string;
  readonly #maxBytes: number;
  readonly #checkIntervalMs: number;
  #open: { fd: number; timer: NodeJS.Timeout } | undefined;
  #rotating = false;

  constructor(path: string, o: { maxBytes?: number; checkIntervalMs?: number } = {}) {
    this.path = path;
    this.#maxBytes = o.maxBytes ?? DEFAULT_MAX_BYTES;
    mkdirSync(dirname(path), { recursive: true });
    closeSync(openSync(path, "w"));
    this.#checkIntervalMs = o.checkIntervalMs ?? DEFAULT_CHECK_INTERVAL_MS;
  }

  /** The descriptor to hand to a child as stdout and stderr; opened when first asked for. */
  get fd(): number {
    this.#open ??= {
      fd: openSync(this.path, "a"),
      timer: setInterval(() => {
        if (this.#rotating) return;
        this.#rotating = true;
        void this.#rotateWhenFull().finally(() => {
          this.#rotating = false;
        });
      }, this.#checkIntervalMs).unref(),
    };
    return this.#open.fd;
  }

  /** The last lines written, at most `count` of them and 16 KiB. */
  tail(count: number): string[] {
    const buffer = Buffer.alloc(TAIL_BYTES);
    const fd = openSync(this.path, "r");
    try {
      const read = readSync(fd, buffer, 0, TAIL_BYTES, Math.max(0, fstatSync(fd).size - TAIL_BYTES));
      return buffer
        .toString("utf8", 0, read)
        .split("\n")
        .filter((line) => line.trim() !== "")
        .slice(-count);
    } finally {
      closeSync(fd);
    }
  }

  /** Lets go of the file; asking for `fd` opens it again. */
  close(): void {
    if (this.#open === undefined) return;
    clearInterval(this.#open.timer);
    closeSync(this.#open.fd);
    this.#open = undefined;
  }

  async #rotateWhenFull(): Promise<void> {
    try {
      if ((await stat(this.path)).size <= this.#maxBytes) return;
      await copyFile(this.path, `${this.path}.1`);
      await truncate(this.path, 0);
    } catch {
      // The data directory was removed under a running stack: there is nothing left to bound.
    }
  }
}

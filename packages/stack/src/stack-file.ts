import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { StackEventListener } from "./stack-event.js";

/** `stack.json` in the data directory: where everything of a running stack is. */
export interface StackDescription {
  /** Where clients connect: the first gateway. */
  url: string;
  /** `url` only for gateways. */
  services: { name: string; instance: string; pid: number; opsUrl: string; url?: string }[];
  /** `pid` is null for a server that was running before, given by NATS_URL or REDIS_URL. */
  nats: { url: string; pid: number | null };
  redis: { url: string; pid: number | null };
}

/** Keeps `stack.json` current. Writes are atomic and in order; several requests during one write become one. */
export class StackFile {
  readonly path: string;
  readonly #describe: () => StackDescription;
  readonly #onEvent: StackEventListener;
  #writing: Promise<void> | undefined;
  #stale = false;

  constructor(dataDir: string, describe: () => StackDescription, onEvent: StackEventListener) {
    this.path = join(dataDir, "stack.json");
    this.#describe = describe;
    this.#onEvent = onEvent;
  }

  /** Resolves when the file shows the state of this moment or a later one. */
  async update(): Promise<void> {
    this.#stale = true;
    this.#writing ??= this.#writeWhileStale().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** As `update`, for who cannot wait; a failure becomes a `file_failed` event. */
  requestUpdate(): void {
    this.update().catch((cause: unknown) => this.#onEvent({ type: "file_failed", path: this.path, cause }));
  }

  async remove(): Promise<void> {
    await this.#writing?.catch(() => undefined);
    await rm(this.path, { force: true });
  }

  async #writeWhileStale(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      const temporary = `${this.path}.${process.pid}.tmp`;
      await writeFile(temporary, `${JSON.stringify(this.#describe(), null, 2)}\n`);
      await rename(temporary, this.path);
    }
  }
}

/** What `stack.json` says, or undefined when there is none. */
export async function readStackFile(dataDir: string): Promise<StackDescription | undefined> {
  try {
    return JSON.parse(await readFile(join(dataDir, "stack.json"), "utf8")) as StackDescription;
  } catch {
    return undefined;
  }
}

import { spawn, type ChildProcess } from "node:child_process";
import { WATCHDOG_SCRIPT } from "./workspace-root.js";

/** Services are ended before the servers they talk to. */
export type WatchedRole = "service" | "server";

/**
 * A helper process that outlives this one: when this process dies, even by SIGKILL, its end of the pipe closes and the
 * helper ends every process it was told to watch.
 */
export class Watchdog {
  #helper: { process: ChildProcess; exited: Promise<void> } | undefined;

  get pid(): number | undefined {
    return this.#helper?.process.pid;
  }

  /** Starts the helper now rather than with the first `watch`. */
  start(): void {
    this.#helper ??= startHelper();
  }

  /** Watches a process until `forget`; starts the helper when it does not run. */
  watch(pid: number, role: WatchedRole): void {
    this.#helper ??= startHelper();
    this.#helper.process.stdin?.write(`watch ${pid} ${role}\n`);
  }

  forget(pid: number): void {
    this.#helper?.process.stdin?.write(`forget ${pid}\n`);
  }

  /** Ends the helper, and what it still watches. */
  async close(): Promise<void> {
    const helper = this.#helper;
    this.#helper = undefined;
    helper?.process.stdin?.end();
    await helper?.exited;
  }
}

function startHelper(): { process: ChildProcess; exited: Promise<void> } {
  const helper = spawn(process.execPath, [WATCHDOG_SCRIPT], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  helper.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => {
    helper.once("exit", () => resolve());
    helper.once("error", () => resolve());
  });
  return { process: helper, exited };
}

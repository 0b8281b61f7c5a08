import { spawn } from "node:child_process";
import { StackError } from "./stack-error.js";

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SpawnChildOptions {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Descriptor that receives stdout and stderr. */
  outputFd: number;
}

/** A running child in a process group of its own, so that a terminal's Ctrl-C never reaches it. */
export interface Child {
  readonly pid: number;
  /** Set once the process is gone. */
  readonly exit: Exit | undefined;
  readonly exited: Promise<Exit>;
  /** Sends a signal; false when the process is gone. */
  kill(signal: NodeJS.Signals): boolean;
  /** SIGTERM, then SIGKILL to the whole group after `graceMs`. Resolves when the process is gone. */
  end(graceMs: number): Promise<Exit>;
}

/** Starts a process; rejects with `start_failed` when the operating system refuses to. */
export async function spawnChild(o: SpawnChildOptions): Promise<Child> {
  const process_ = spawn(o.command, o.args, {
    cwd: o.cwd,
    env: o.env,
    detached: true,
    stdio: ["ignore", o.outputFd, o.outputFd],
  });
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    process_.once("exit", (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  await new Promise<void>((resolve, reject) => {
    process_.once("spawn", resolve);
    process_.once("error", (cause) => {
      reject(new StackError("start_failed", `${o.command} could not be started: ${cause.message}`, { cause }));
    });
  });
  const pid = process_.pid ?? 0;

  return {
    pid,
    get exit() {
      return exit;
    },
    exited,
    kill: (signal) => exit === undefined && process_.kill(signal),
    async end(graceMs) {
      if (exit !== undefined) return exit;
      process_.kill("SIGTERM");
      const timer = setTimeout(() => killGroup(pid), graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Says how a process ended in words: `code 1` or `SIGKILL`. */
export function describeExit(exit: Exit): string {
  return exit.signal ?? `code ${exit.code ?? "unknown"}`;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group ended between the deadline and the signal.
  }
}

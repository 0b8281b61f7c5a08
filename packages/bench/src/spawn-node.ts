import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface SpawnedNode {
  readonly pid: number;
  /** What it prints first: its address, after `ready ` or alone. */
  readonly ready: string;
  stop(): Promise<void>;
}

export interface SpawnNodeOptions {
  env?: Record<string, string>;
  args?: readonly string[];
}

/** Starts a module in a process of its own and waits for the line that tells its address. */
export async function spawnNode(module: URL, { env = {}, args = [] }: SpawnNodeOptions = {}): Promise<SpawnedNode> {
  const child = spawn(process.execPath, [fileURLToPath(module), ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = await readReadyLine(child);
  return {
    pid: child.pid ?? 0,
    ready,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) resolve();
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

function readReadyLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      seen += chunk;
      const line = /^(?:ready )?(\S+)\n/.exec(seen);
      if (line?.[1] !== undefined) resolve(line[1]);
    });
    child.once("exit", (code) => reject(new Error(`a benchmark process exited early with ${code}`)));
  });
}

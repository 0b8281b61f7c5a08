import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PS_TIMEOUT_MS = 2_000;
/** Position of `starttime` in /proc/<pid>/stat, counted after the command's closing parenthesis (proc(5), field 22). */
const START_TIME_FIELD = 19;

export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process started, in whatever form the system says it: two different values are two different processes. */
export async function readStartTime(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME_FIELD];
  } catch {
    return readWithPs(pid, "lstart=");
  }
}

/** The command line of a process, arguments separated by spaces; empty when there is no such process. */
export async function readCommandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
  } catch {
    return (await readWithPs(pid, "args=")) ?? "";
  }
}

async function readWithPs(pid: number, format: string): Promise<string | undefined> {
  try {
    const { stdout } = await run("ps", ["-o", format, "-p", String(pid)], { timeout: PS_TIMEOUT_MS });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

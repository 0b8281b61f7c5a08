import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PS_TIMEOUT_MS = 2_000;
/** Positions in /proc/<pid>/stat counted after the command's closing parenthesis: fields 4 and 22 of proc(5). */
const PARENT_FIELD = 1;
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
  return (await readStatField(pid, START_TIME_FIELD)) ?? readWithPs(pid, "lstart=");
}

/** The parent of a process; undefined when there is no such process. */
export async function readParentPid(pid: number): Promise<number | undefined> {
  const text = (await readStatField(pid, PARENT_FIELD)) ?? (await readWithPs(pid, "ppid="));
  return text === undefined ? undefined : Number(text);
}

/** The command line of a process, arguments separated by spaces; empty when there is no such process. */
export async function readCommandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
  } catch {
    return (await readWithPs(pid, "args=")) ?? "";
  }
}

async function readStatField(pid: number, field: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[field];
  } catch {
    return undefined;
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

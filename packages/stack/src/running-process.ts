import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PS_TIMEOUT_MS = 2_000;
/** Positions in /proc/<pid>/stat counted after the command's closing parenthesis: fields 3, 4 and 22 of proc(5). */
const STATE_FIELD = 0;
const PARENT_FIELD = 1;
const START_TIME_FIELD = 19;

/** False for a zombie too: it has ended, only its parent does not know yet. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))[STATE_FIELD] !== "Z";
  } catch {
    // Not Linux, or gone this moment: the signal's answer stands.
    return true;
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
    return parseStat(await readFile(`/proc/${pid}/stat`, "utf8"))[field];
  } catch {
    return undefined;
  }
}

/** The fields after the command, which may itself hold spaces and parentheses. */
function parseStat(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

async function readWithPs(pid: number, format: string): Promise<string | undefined> {
  try {
    const { stdout } = await run("ps", ["-o", format, "-p", String(pid)], { timeout: PS_TIMEOUT_MS });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

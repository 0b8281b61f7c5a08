import { spawn } from "node:child_process";

const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

export interface CommandResult {
  /** Null when the program does not exist, was killed or took too long. */
  code: number | null;
  stdout: string;
  /** The last line of stderr, for a message. */
  lastError: string;
}

/** Runs a program without a shell or a terminal. Never rejects: what went wrong is in the result. */
export function runCommand(
  command: string,
  args: readonly string[],
  o: { timeoutMs: number; cwd?: string; env?: Record<string, string> },
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: o.cwd,
      env: { ...process.env, ...o.env },
      timeout: o.timeoutMs,
      killSignal: "SIGKILL",
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout = (stdout + chunk).slice(-MAX_OUTPUT_BYTES);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-MAX_OUTPUT_BYTES);
    });
    child.once("error", (error) => resolve({ code: null, stdout, lastError: error.message }));
    child.once("close", (code) => resolve({ code, stdout, lastError: lastLineOf(stderr) }));
  });
}

function lastLineOf(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.js";

export const FIXTURE_SERVICE = fileURLToPath(new URL("fixtures/fixture-service.mjs", import.meta.url));

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly component?: string;
  readonly opsUrl?: string;
  readonly [field: string]: unknown;
}

/** The fixture service as a child process. */
export class FixtureProcess {
  readonly child: ChildProcess;
  readonly #output = { stdout: "", stderr: "" };
  readonly #exited: Promise<number | string>;

  constructor(env: Record<string, string>) {
    if (!existsSync(fileURLToPath(new URL("../dist/index.js", import.meta.url)))) {
      throw new Error("these tests run the built packages: run `pnpm build` first");
    }
    this.child = spawn(process.execPath, [FIXTURE_SERVICE], {
      env: { PATH: process.env["PATH"], OPS_PORT: "0", INSTANCE_ID: "memory-1", ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (this.#output.stdout += chunk));
    this.child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (this.#output.stderr += chunk));
    this.#exited = new Promise((resolve) => {
      this.child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
    });
  }

  get stdout(): string {
    return this.#output.stdout;
  }

  get stderr(): string {
    return this.#output.stderr;
  }

  get logs(): LogLine[] {
    const complete = this.#output.stdout.split("\n").slice(0, -1);
    return complete.map((line) => JSON.parse(line) as LogLine);
  }

  /** Names of the components in the order in which they logged this message. */
  componentsThat(msg: "component starts" | "component stops"): (string | undefined)[] {
    return this.logs.filter((line) => line.msg === msg).map(({ component }) => component);
  }

  waitForLog(msg: string): Promise<LogLine> {
    return eventually(() => {
      const line = this.logs.find((candidate) => candidate.msg.includes(msg));
      if (line === undefined) throw new Error(`no "${msg}" in:\n${this.#output.stdout}${this.#output.stderr}`);
      return line;
    });
  }

  async waitReady(): Promise<string> {
    const { opsUrl } = await this.waitForLog("ready");
    return String(opsUrl);
  }

  /** Exit code, or the name of the signal that ended it. */
  waitExit(): Promise<number | string> {
    return this.#exited;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it whatever it does. */
  async dispose(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.#exited;
  }
}

export interface OpsAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function askOps(opsUrl: string, path: "/livez" | "/readyz"): Promise<OpsAnswer> {
  const response = await fetch(opsUrl + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

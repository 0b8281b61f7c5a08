import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const START_TIMEOUT_MS = 20_000;

export interface GatewayProcess {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly process: ChildProcess;
  /** Every log line so far. */
  readonly log: string[];
  /** Resolves with the exit code. */
  exited: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the built gateway on a free port against a NATS server. */
export async function startGateway(natsUrl: string, env: Record<string, string> = {}): Promise<GatewayProcess> {
  const child = spawnGateway({ NATS_URL: natsUrl, GATEWAY_PORT: "0", OPS_PORT: "0", ...env });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const log: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no gateway:\n${log.join("\n")}`)), START_TIMEOUT_MS);
    void exited.then((code) => reject(new Error(`the gateway exited with ${code}:\n${log.join("\n")}`)));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg?: string; port?: number };
      if (entry.msg === "clients may connect" && entry.port !== undefined) {
        clearTimeout(timer);
        resolve(entry.port);
      }
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    log,
    exited,
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Starts the built gateway without waiting for anything. */
export function spawnGateway(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [MAIN], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
}

import { eventually } from "@ai-orchestra/testkit";
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
  /** Reads the metrics until the pattern is in them, and returns them. */
  waitForMetric(pattern: RegExp): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the built gateway on a free port against a NATS server. */
export async function startGateway(natsUrl: string, env: Record<string, string> = {}): Promise<GatewayProcess> {
  const child = spawnGateway({ NATS_URL: natsUrl, GATEWAY_PORT: "0", OPS_PORT: "0", ...env });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  const log: string[] = [];
  const { port, opsUrl } = await new Promise<{ port: number; opsUrl: string }>((resolve, reject) => {
    let port: number | undefined;
    const timer = setTimeout(() => reject(new Error(`no gateway:\n${log.join("\n")}`)), START_TIMEOUT_MS);
    void exited.then((code) => reject(new Error(`the gateway exited with ${code}:\n${log.join("\n")}`)));
    child.stderr!.on("data", (chunk: Buffer) => log.push(chunk.toString()));
    createInterface({ input: child.stdout! }).on("line", (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg?: string; port?: number; opsUrl?: string };
      if (entry.msg === "clients may connect") port = entry.port;
      if (entry.msg === "ready" && port !== undefined && entry.opsUrl !== undefined) {
        clearTimeout(timer);
        resolve({ port, opsUrl: entry.opsUrl });
      }
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    log,
    exited,
    waitForMetric: (pattern) =>
      eventually(
        async () => {
          const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
          if (!pattern.test(metrics)) throw new Error(`no ${pattern} in the metrics`);
          return metrics;
        },
        { timeoutMs: 10_000, intervalMs: 100 },
      ),
    stop: (signal = "SIGTERM") => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Starts the built gateway without waiting for anything. */
export function spawnGateway(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [MAIN], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
}

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort, isPortFree } from "./free-port.js";
import { LogFile } from "./log-file.js";
import { resolveProgram, type ServerName } from "./server-program.js";
import { spawnChild } from "./spawn-child.js";
import { StackError } from "./stack-error.js";
import type { StackEventListener } from "./stack-event.js";
import { SupervisedProcess } from "./supervised-process.js";
import { Watchdog } from "./watchdog.js";

const READY_TIMEOUT_MS = 15_000;
const STOP_GRACE_MS = 3_000;
const PORT_ATTEMPTS = 5;

/** nats-server or redis-server, running for one owner on loopback with its data in a folder of its own. */
export interface LocalServer {
  readonly url: string;
  readonly port: number;
  /** The current process, or the last one while none runs. */
  readonly pid: number;
  readonly logFile: string;
  kill(signal: NodeJS.Signals): boolean;
  /** Starts it again on the same port and data, whether it runs, was killed or was stopped. */
  restart(): Promise<void>;
  /** Ends it; it stays down until `restart`. Idempotent. */
  stop(o?: { graceMs?: number }): Promise<void>;
  waitExit(): Promise<void>;
}

/** What a stack adds to a server it supervises. A server alone is not started again by itself. */
export interface SupervisionOptions {
  watchdog?: Watchdog;
  restartOnExit?: boolean;
  logFile?: string;
  onEvent?: StackEventListener;
}

interface ServerDefinition {
  name: string;
  binary: ServerName;
  dataDir: string;
  port: number | undefined;
  /** Writes the configuration for a port and answers the arguments that make the server use it. */
  configure: (port: number) => Promise<string[]>;
  isReady: (port: number) => Promise<boolean>;
  url: (port: number) => string;
}

/** Starts a server and resolves when it answers. Without a fixed port it tries others when one is lost to somebody else. */
export async function startLocalServer(d: ServerDefinition, o: SupervisionOptions): Promise<LocalServer> {
  const command = await resolveProgram(d.binary);
  await mkdir(d.dataDir, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = d.port ?? (await findFreePort());
    if (d.port !== undefined && !(await isPortFree(port))) {
      throw new StackError("port_taken", `port ${port} for ${d.binary} is taken; choose another one`);
    }
    try {
      return await startOnPort(d, o, command, port);
    } catch (error) {
      if (d.port !== undefined || attempt === PORT_ATTEMPTS || (await isPortFree(port))) throw error;
    }
  }
}

async function startOnPort(
  d: ServerDefinition,
  o: SupervisionOptions,
  command: string,
  port: number,
): Promise<LocalServer> {
  const args = await d.configure(port);
  const watchdog = o.watchdog ?? new Watchdog();
  const log = new LogFile(o.logFile ?? join(d.dataDir, `${d.binary}.log`));
  const supervised = new SupervisedProcess({
    name: d.name,
    role: "server",
    log,
    watchdog,
    spawn: () => spawnChild({ command, args, env: process.env, cwd: d.dataDir, outputFd: log.fd }),
    isReady: () => d.isReady(port),
    readyTimeoutMs: READY_TIMEOUT_MS,
    restartOnExit: o.restartOnExit ?? false,
    startAttempts: 1,
    onEvent: o.onEvent ?? (() => {}),
  });

  const stop = async ({ graceMs = STOP_GRACE_MS } = {}): Promise<void> => {
    await supervised.stop(graceMs);
    log.close();
    if (o.watchdog === undefined) await watchdog.close();
  };
  try {
    await supervised.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: d.url(port),
    port,
    logFile: log.path,
    get pid() {
      return supervised.pid;
    },
    kill: (signal) => supervised.kill(signal),
    stop,
    async restart() {
      await supervised.stop(STOP_GRACE_MS);
      await supervised.start();
    },
    async waitExit() {
      await supervised.waitExit();
    },
  };
}

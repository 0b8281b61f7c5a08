import { join } from "node:path";
import { findFreePort, isPortFree } from "./free-port.js";
import { LogFile } from "./log-file.js";
import { answersOk } from "./probe-http.js";
import type { RestartBackoffOptions } from "./restart-backoff.js";
import { spawnChild, type Exit } from "./spawn-child.js";
import type { StackEventListener } from "./stack-event.js";
import { SupervisedProcess } from "./supervised-process.js";
import type { Watchdog } from "./watchdog.js";

/** The service whose instances listen for clients. */
export const GATEWAY = "gateway";
/** Starts of one instance that may fail at first, for instance because a port was lost to somebody else. */
const START_ATTEMPTS = 3;
const RESTART_GRACE_MS = 5_000;

export interface ServiceProcessOptions {
  name: string;
  instance: string;
  /** The file node runs. */
  entry: string;
  cwd: string;
  /** The port for clients, 0 for any free one; only gateways have one. */
  clientPort?: number;
  env: Record<string, string>;
  logsDir: string;
  watchdog: Watchdog;
  restartOnExit: boolean;
  readyTimeoutMs: number;
  backoff?: RestartBackoffOptions;
  onEvent: StackEventListener;
}

/** One instance of a service, in a process of its own, restarted when it dies. */
export class ServiceProcess {
  readonly name: string;
  readonly instance: string;
  readonly #log: LogFile;
  readonly #supervised: SupervisedProcess;
  readonly #fixedClientPort: number | undefined;
  #clientPort: number | undefined;
  #opsPort = 0;

  constructor(o: ServiceProcessOptions) {
    this.name = o.name;
    this.instance = o.instance;
    this.#fixedClientPort = o.clientPort === 0 ? undefined : o.clientPort;
    this.#clientPort = o.clientPort;
    this.#log = new LogFile(join(o.logsDir, `${o.instance}.log`));
    this.#supervised = new SupervisedProcess({
      name: o.instance,
      role: "service",
      log: this.#log,
      watchdog: o.watchdog,
      spawn: () => this.#spawn(o),
      isReady: () => answersOk(`${this.opsUrl}/readyz`),
      readyTimeoutMs: o.readyTimeoutMs,
      restartOnExit: o.restartOnExit,
      startAttempts: START_ATTEMPTS,
      backoff: o.backoff,
      onEvent: o.onEvent,
    });
  }

  /** The current process, or the last one while none runs. */
  get pid(): number {
    return this.#supervised.pid;
  }

  get opsUrl(): string {
    return `http://127.0.0.1:${this.#opsPort}`;
  }

  /** Where clients connect; only gateways have one. */
  get url(): string | undefined {
    return this.#clientPort === undefined ? undefined : `http://127.0.0.1:${this.#clientPort}`;
  }

  /** How often it was started again after it died. */
  get restarts(): number {
    return this.#supervised.restarts;
  }

  get logFile(): string {
    return this.#log.path;
  }

  start(): Promise<void> {
    return this.#supervised.start();
  }

  /** Sends a signal to the process alone; false when there is none. */
  kill(signal: NodeJS.Signals): boolean {
    return this.#supervised.kill(signal);
  }

  /** Resolves when `/readyz` answers 200; after a deadly `kill`, when that of the next process does. */
  waitReady(timeoutMs?: number): Promise<void> {
    return this.#supervised.waitReady(timeoutMs);
  }

  /** Resolves when the current process is gone; undefined when none runs. */
  waitExit(): Promise<Exit | undefined> {
    return this.#supervised.waitExit();
  }

  /** SIGTERM, SIGKILL after `graceMs`; it stays down until `start`. */
  async stop(graceMs = RESTART_GRACE_MS): Promise<void> {
    await this.#supervised.stop(graceMs);
    this.#log.close();
  }

  /** Stops it as a deployment would, and starts it again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async #spawn(o: ServiceProcessOptions): ReturnType<typeof spawnChild> {
    this.#opsPort = await keepOrReplacePort(this.#opsPort);
    const ports: Record<string, string> = { OPS_HOST: "127.0.0.1", OPS_PORT: String(this.#opsPort) };
    if (this.#clientPort !== undefined) {
      this.#clientPort = this.#fixedClientPort ?? (await keepOrReplacePort(this.#clientPort));
      ports.GATEWAY_HOST = "127.0.0.1";
      ports.GATEWAY_PORT = String(this.#clientPort);
    }
    const env = { ...process.env, ...o.env, ...ports, INSTANCE_ID: o.instance, STACK_PARENT_PID: String(process.pid) };
    return spawnChild({ command: process.execPath, args: [o.entry], env, cwd: o.cwd, outputFd: this.#log.fd });
  }
}

/** The same port across restarts for as long as nobody else takes it. */
async function keepOrReplacePort(port: number): Promise<number> {
  return port !== 0 && (await isPortFree(port)) ? port : findFreePort();
}

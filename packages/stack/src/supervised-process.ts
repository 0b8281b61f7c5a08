import { setTimeout as wait } from "node:timers/promises";
import type { LogFile } from "./log-file.js";
import { describeLogLine } from "./describe-log-line.js";
import { RestartBackoff, type RestartBackoffOptions } from "./restart-backoff.js";
import { describeExit, type Child, type Exit } from "./spawn-child.js";
import { StackError } from "./stack-error.js";
import type { StackEvent, StackEventListener } from "./stack-event.js";
import type { WatchedRole, Watchdog } from "./watchdog.js";

/** Exit code of a program whose configuration is wrong (EX_CONFIG): starting it again cannot help. */
const CONFIG_ERROR_EXIT_CODE = 78;

const FIRST_POLL_MS = 25;
const MAX_POLL_MS = 250;

export interface SupervisedProcessOptions {
  /** The name in events and errors. */
  name: string;
  role: WatchedRole;
  log: LogFile;
  watchdog: Watchdog;
  spawn: () => Promise<Child>;
  /** Asked again and again, until it answers true; never rejects. */
  isReady: () => Promise<boolean>;
  readyTimeoutMs: number;
  /** Start it again when it exits without being told to. */
  restartOnExit: boolean;
  /** Exits before it was ever ready that `start` puts up with. */
  startAttempts: number;
  backoff?: RestartBackoffOptions;
  onEvent: StackEventListener;
}

type State =
  | { status: "stopped" }
  | { status: "starting"; child: Child | undefined }
  | { status: "ready"; child: Child; since: number }
  | { status: "ending"; child: Child }
  | { status: "failed"; error: StackError };

/** One process of the stack: started, waited for, watched, started again with growing delays, and stopped. */
export class SupervisedProcess {
  readonly name: string;
  readonly #o: SupervisedProcessOptions;
  readonly #backoff: RestartBackoff;
  readonly #stateListeners = new Set<() => void>();
  #state: State = { status: "stopped" };
  #stopRequested = new AbortController();
  #supervision: Promise<void> = Promise.resolve();
  #lastPid = 0;
  #restarts = 0;

  constructor(o: SupervisedProcessOptions) {
    this.#o = o;
    this.name = o.name;
    this.#backoff = new RestartBackoff(o.backoff);
  }

  /** The current process, or the last one while none runs. */
  get pid(): number {
    return this.#lastPid;
  }

  /** How often it was started again after an exit nobody asked for. */
  get restarts(): number {
    return this.#restarts;
  }

  get status(): State["status"] {
    return this.#state.status;
  }

  /** Starts it and resolves when it is ready; rejects with what it wrote last when it will not be. */
  async start(): Promise<void> {
    if (this.#state.status !== "stopped" && this.#state.status !== "failed") return this.waitReady();
    this.#stopRequested = new AbortController();
    this.#setState({ status: "starting", child: undefined });
    this.#supervision = this.#supervise(this.#stopRequested.signal);
    await this.waitReady();
  }

  /** Sends a signal to the current process; false when there is none. A deadly one makes `waitReady` wait for the next. */
  kill(signal: NodeJS.Signals): boolean {
    const child = this.#child();
    if (child === undefined) return false;
    if (this.#state.status === "ready" && (signal === "SIGKILL" || signal === "SIGTERM" || signal === "SIGINT")) {
      this.#setState({ status: "ending", child });
    }
    return child.kill(signal);
  }

  /** Resolves when a process is ready; rejects with `start_timeout`, or when it has failed or was stopped. */
  waitReady(timeoutMs = this.#o.readyTimeoutMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#stateListeners.delete(check);
        settle();
      };
      const timer = setTimeout(() => finish(() => reject(this.#timeoutError(timeoutMs))), timeoutMs);
      const check = (): void => {
        const state = this.#state;
        if (state.status === "ready") finish(resolve);
        else if (state.status === "failed") finish(() => reject(state.error));
        else if (state.status === "stopped") {
          finish(() => reject(new StackError("stopped", `${this.name} was stopped before it was ready`)));
        }
      };
      this.#stateListeners.add(check);
      check();
    });
  }

  /** Resolves when the current process is gone. */
  async waitExit(): Promise<Exit | undefined> {
    return this.#child()?.exited;
  }

  /** SIGTERM, SIGKILL after `graceMs`; it is not started again. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    this.#stopRequested.abort();
    const child = this.#child();
    if (child !== undefined) await child.end(graceMs);
    await this.#supervision;
    if (this.#state.status !== "stopped") {
      this.#setState({ status: "stopped" });
      this.#emit({ type: "stopped", process: this.name });
    }
  }

  async #supervise(stopRequested: AbortSignal): Promise<void> {
    for (let failedStarts = 0; !stopRequested.aborted;) {
      const child = await this.#spawn();
      if (child === undefined) return;
      if (stopRequested.aborted) await child.end(0);
      const readyAt = await this.#pollReady(child, stopRequested);
      const exit = await child.exited;
      this.#o.watchdog.forget(child.pid);
      if (stopRequested.aborted) return;
      failedStarts = readyAt === undefined ? failedStarts + 1 : 0;
      const everReady = readyAt !== undefined || this.#restarts > 0;
      const mayRestart =
        exit.code !== CONFIG_ERROR_EXIT_CODE &&
        (everReady ? this.#o.restartOnExit : failedStarts < this.#o.startAttempts);
      // Who was killed from outside had no say in it.
      const lastLine = exit.signal === null ? this.#lastLine() : undefined;
      if (!mayRestart) {
        this.#setState({ status: "failed", error: this.#exitError(exit, lastLine) });
        this.#emit({ type: "gave_up", process: this.name, pid: this.#lastPid, exit, lastLine });
        return;
      }
      const restartInMs = this.#backoff.nextDelayMs(readyAt === undefined ? 0 : performance.now() - readyAt);
      this.#setState({ status: "starting", child: undefined });
      this.#emit({ type: "exited", process: this.name, pid: this.#lastPid, exit, restartInMs, lastLine });
      await wait(restartInMs, undefined, { signal: stopRequested }).catch(() => undefined);
      if (everReady) this.#restarts += 1;
    }
  }

  /** Undefined, and failed, when the operating system does not start it. */
  async #spawn(): Promise<Child | undefined> {
    try {
      const child = await this.#o.spawn();
      this.#lastPid = child.pid;
      this.#o.watchdog.watch(child.pid, this.#o.role);
      this.#setState({ status: "starting", child });
      this.#emit({ type: "started", process: this.name, pid: child.pid });
      return child;
    } catch (error) {
      this.#setState({ status: "failed", error: asStackError(error, this.name) });
      return undefined;
    }
  }

  /** Polls until the child is ready, gone or to be stopped; answers when it became ready. */
  async #pollReady(child: Child, stopRequested: AbortSignal): Promise<number | undefined> {
    const startedAt = performance.now();
    for (let delayMs = FIRST_POLL_MS; child.exit === undefined && !stopRequested.aborted;) {
      if (await this.#o.isReady()) {
        if (child.exit !== undefined || stopRequested.aborted) return undefined;
        const readyAt = performance.now();
        this.#setState({ status: "ready", child, since: readyAt });
        this.#emit({ type: "ready", process: this.name, pid: child.pid, afterMs: Math.round(readyAt - startedAt) });
        return readyAt;
      }
      await Promise.race([wait(delayMs, undefined, { ref: false }), child.exited]);
      delayMs = Math.min(delayMs * 1.3, MAX_POLL_MS);
    }
    return undefined;
  }

  #child(): Child | undefined {
    const state = this.#state;
    return state.status === "stopped" || state.status === "failed" ? undefined : state.child;
  }

  #setState(state: State): void {
    this.#state = state;
    for (const listener of this.#stateListeners) listener();
  }

  #emit(event: StackEvent): void {
    this.#o.onEvent(event);
  }

  #lastLine(): string | undefined {
    return describeLogLine(this.#o.log.tail(20));
  }

  #exitError(exit: Exit, lastLine: string | undefined): StackError {
    const configInvalid = exit.code === CONFIG_ERROR_EXIT_CODE;
    const reason = lastLine ?? `see ${this.#o.log.path}`;
    if (configInvalid) return new StackError("config_invalid", `${this.name}: ${this.#withoutOwnName(reason)}`);
    return new StackError("start_failed", `${this.name} ended with ${describeExit(exit)}: ${reason}`);
  }

  /** Services begin such a line with their name, which the instance's says already. */
  #withoutOwnName(line: string): string {
    const [prefix = ""] = line.split(": ", 1);
    return this.name.startsWith(prefix) ? line.slice(prefix.length + 2) : line;
  }

  #timeoutError(timeoutMs: number): StackError {
    const lastLine = this.#lastLine();
    const hint = lastLine === undefined ? "" : ` (it wrote last: ${lastLine})`;
    return new StackError(
      "start_timeout",
      `${this.name} was not ready after ${timeoutMs} ms${hint}; its log is ${this.#o.log.path}`,
    );
  }
}

function asStackError(error: unknown, name: string): StackError {
  if (error instanceof StackError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StackError("start_failed", `${name} could not be started: ${message}`, { cause: error });
}

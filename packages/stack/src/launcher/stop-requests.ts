import { setInterval as every } from "node:timers/promises";
import { isProcessAlive, readCommandLine, readParentPid } from "../running-process.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Ctrl-C reaches a script of npm twice: from the terminal, and again from npm, which passes it on. */
const SAME_REQUEST_MS = 1_000;
const PARENT_CHECK_INTERVAL_MS = 500;

/** The first request to stop this process; a second one, later, ends it at once. */
export interface StopRequest {
  readonly signal: AbortSignal;
  readonly received: Promise<void>;
  /** Lets go of the signals and of npm. */
  close(): Promise<void>;
}

/** Listens for SIGINT, SIGTERM and SIGHUP and, when npm runs this process, for the end of npm. */
export function watchStopRequests(): StopRequest {
  const request = new AbortController();
  const closing = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (): void => {
    firstAt ??= performance.now();
    request.abort();
    // What still runs is ended by the watchdog.
    if (performance.now() - firstAt > SAME_REQUEST_MS) process.exit(1);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const watching =
    process.env.npm_lifecycle_event === undefined ? Promise.resolve() : watchNpm(() => request.abort(), closing.signal);
  return {
    signal: request.signal,
    received: new Promise((resolve) => request.signal.addEventListener("abort", () => resolve(), { once: true })),
    async close() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      closing.abort();
      await watching;
    },
  };
}

/** Calls `onGone` when npm dies without passing a signal on: npm is our parent, or the parent of the shell between us. */
async function watchNpm(onGone: () => void, closing: AbortSignal): Promise<void> {
  const parentPid = process.ppid;
  const isShell = /^\S*sh -c /.test(await readCommandLine(parentPid));
  const npmPid = isShell ? await readParentPid(parentPid) : parentPid;
  try {
    for await (const _ of every(PARENT_CHECK_INTERVAL_MS, undefined, { ref: false, signal: closing })) {
      if (process.ppid === parentPid && (npmPid === undefined || isProcessAlive(npmPid))) continue;
      onGone();
      return;
    }
  } catch {
    // Closed.
  }
}

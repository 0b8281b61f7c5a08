import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isProcessAlive, readStartTime } from "./running-process.js";
import { StackError } from "./stack-error.js";

/** Longer than a watchdog takes to end what a dead launcher left. */
const WATCHDOG_WAIT_MS = 10_000;
const POLL_INTERVAL_MS = 50;
const SETTLE_MS = 25;

interface LockContent {
  pid: number;
  startTime?: string;
  watchdogPid?: number;
}

/** The right to run a stack on a data directory: one live process at a time. */
export interface StackLock {
  release(): Promise<void>;
}

/**
 * Takes the data directory for this process. Rejects with `data_dir_in_use`, naming the owner, when another stack runs
 * on it. After a launcher that was killed it waits until the watchdog has ended what was left.
 */
export async function acquireStackLock(dataDir: string, watchdogPid: number | undefined): Promise<StackLock> {
  const path = join(dataDir, "stack.lock");
  const own: LockContent = { pid: process.pid, startTime: await readStartTime(process.pid), watchdogPid };
  if (!(await tryCreate(path, own))) {
    await waitUntilAbandoned(path, dataDir);
    await rm(path, { force: true });
    if (!(await tryCreate(path, own))) await refuse(path, dataDir);
    // Somebody else may have found the same abandoned lock: after a moment only one of the two is still in the file.
    await wait(SETTLE_MS);
    if ((await readLock(path))?.pid !== own.pid) await refuse(path, dataDir);
  }
  return { release: () => rm(path, { force: true }) };
}

async function waitUntilAbandoned(path: string, dataDir: string): Promise<void> {
  const lock = await readLock(path);
  if (lock === undefined) return;
  if (await isOwnerAlive(lock)) await refuse(path, dataDir);
  const deadline = performance.now() + WATCHDOG_WAIT_MS;
  while (lock.watchdogPid !== undefined && isProcessAlive(lock.watchdogPid) && performance.now() < deadline) {
    await wait(POLL_INTERVAL_MS);
  }
}

async function isOwnerAlive(lock: LockContent): Promise<boolean> {
  if (!isProcessAlive(lock.pid)) return false;
  return lock.startTime === undefined || lock.startTime === (await readStartTime(lock.pid));
}

async function refuse(path: string, dataDir: string): Promise<never> {
  const owner = (await readLock(path))?.pid ?? "unknown";
  throw new StackError(
    "data_dir_in_use",
    `a stack already runs on ${dataDir} (pid ${owner}); stop it, or choose another folder with --data-dir`,
  );
}

async function tryCreate(path: string, content: LockContent): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(content), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function readLock(path: string): Promise<LockContent | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as LockContent;
  } catch {
    return undefined;
  }
}

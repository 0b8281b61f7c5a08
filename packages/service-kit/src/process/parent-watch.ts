import type { Clock } from "../clock.js";

const POLL_MS = 1000;

/**
 * Calls `onGone` once when the process `pid` is gone; looks once a second. A direct parent is recognised by the change of
 * our own parent, which also shows while the dead one has not been collected yet.
 */
export function watchParent(o: { pid: number; clock: Clock; onGone: () => void }): void {
  const isDirectParent = process.ppid === o.pid;
  const timer = o.clock.setInterval(() => {
    if (isDirectParent ? process.ppid === o.pid : isAlive(o.pid)) return;
    o.clock.clearInterval(timer);
    o.onGone();
  }, POLL_MS);
  timer.unref();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

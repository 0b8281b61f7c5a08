// Ends what a stack left behind. Reads lines on stdin: `watch <pid> service|server`, `forget <pid>`.
// When stdin ends, because the launcher closed it or died, services are ended first and servers after them.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const SERVICE_GRACE_MS = 4_000;
const SERVER_GRACE_MS = 3_000;
const POLL_INTERVAL_MS = 50;

/** @type {Map<number, string>} */
const roles = new Map();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const [command, pid, role] = line.split(" ");
  if (command === "watch") roles.set(Number(pid), role);
  else roles.delete(Number(pid));
}
await end("service", SERVICE_GRACE_MS);
await end("server", SERVER_GRACE_MS);

/** @param {string} role @param {number} graceMs */
async function end(role, graceMs) {
  const pids = [...roles].filter(([, of]) => of === role).map(([pid]) => pid);
  const deadlineMs = Date.now() + graceMs;
  for (const pid of pids) signalProcess(pid, "SIGTERM");
  while (Date.now() < deadlineMs && pids.some((pid) => isAlive(pid))) {
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  for (const pid of pids) signalProcess(pid, "SIGKILL");
}

/** @param {number} pid @param {string | 0} signal */
function signalProcess(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * A zombie has ended: what adopted it just has not collected it yet.
 * @param {number} pid
 */
function isAlive(pid) {
  if (!signalProcess(pid, 0)) return false;
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

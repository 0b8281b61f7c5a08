import { setTimeout as wait } from "node:timers/promises";
import { isProcessAlive, readCommandLine } from "./running-process.js";
import { readStackFile } from "./stack-file.js";

const GRACE_MS = 5_000;
const POLL_INTERVAL_MS = 50;

/**
 * Ends the servers of an earlier run on this data directory, which only happens when its launcher and its watchdog were
 * both killed: two servers on one store would damage it. Only processes that are recognisably those servers are touched.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  const previous = await readStackFile(dataDir);
  for (const server of [previous?.nats, previous?.redis]) {
    if (server === undefined || server.pid === null || !isProcessAlive(server.pid)) continue;
    const commandLine = await readCommandLine(server.pid);
    // Redis replaces its command line with its address.
    const isRedis = commandLine.includes(`redis-server 127.0.0.1:${new URL(server.url).port}`);
    if (isRedis || commandLine.includes(dataDir)) await endProcess(server.pid);
  }
}

async function endProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  const deadline = performance.now() + GRACE_MS;
  while (isProcessAlive(pid)) {
    if (performance.now() > deadline) process.kill(pid, "SIGKILL");
    await wait(POLL_INTERVAL_MS);
  }
}

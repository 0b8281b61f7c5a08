import { setTimeout as delay } from "node:timers/promises";
import { readResidentBytes } from "../process-usage.js";
import { spawnNode } from "../spawn-node.js";

const HOLDERS = 2;
/** Connections that warm a server up: code is compiled and the heap has grown before memory is first read. */
const WARM_UP = 500;
const SETTLE_MS = 3_000;

export interface ConnectionMeasurement {
  readonly bytesPerConnection: number;
  readonly connectsPerSecond: number;
}

/** Opens `connections` to a server, all at once from two processes, and reads what they cost the server's process. */
export async function measureConnections(
  server: { url: string; pid: number },
  connections: number,
): Promise<ConnectionMeasurement> {
  const warmUp = await hold(server.url, WARM_UP, 2);
  await warmUp.stop();
  await delay(SETTLE_MS);
  const before = readResidentBytes(server.pid);
  const holders = await Promise.all(
    Array.from({ length: HOLDERS }, (_, index) => hold(server.url, Math.floor(connections / HOLDERS), 10 + index * 20)),
  );
  await delay(SETTLE_MS);
  const after = readResidentBytes(server.pid);
  const slowestMs = Math.max(...holders.map(({ ready }) => Number(ready)));
  await Promise.all(holders.map((holder) => holder.stop()));
  return {
    bytesPerConnection: (after - before) / connections,
    connectsPerSecond: (connections / slowestMs) * 1_000,
  };
}

function hold(url: string, connections: number, firstAddress: number): ReturnType<typeof spawnNode> {
  return spawnNode(new URL("hold-connections.js", import.meta.url), {
    env: { URL: url, CONNECTIONS: String(connections), FIRST_ADDRESS: String(firstAddress) },
  });
}

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SERVICES } from "@ai-orchestra/contracts";
import { startStack } from "@ai-orchestra/stack";
import { spawnNode } from "../spawn-node.js";
import { measureConnections, type ConnectionMeasurement } from "./measure-connections.js";

/**
 * What an idle WebSocket connection costs in resident memory, and how fast connections open: the gateway against a bare
 * uWebSockets.js server and a server of the package `ws`, one after the other. Linux only.
 */
const WANTED = 20_000;
/** File descriptors that a server needs for itself. */
const RESERVED_DESCRIPTORS = 200;
const TARGET_BYTES_ABOVE_BARE = 4_096;

const connections = Math.min(WANTED, (await readDescriptorLimit()) - RESERVED_DESCRIPTORS);
if (connections < WANTED) {
  console.log(
    `this machine lets a process have ${connections + RESERVED_DESCRIPTORS} open files: ${connections} connections`,
  );
}
const dataDir = await mkdtemp(join(tmpdir(), "orchestra-connections-"));
const results = new Map<string, ConnectionMeasurement>();
try {
  for (const name of ["bare", "ws"]) {
    const server = await spawnNode(new URL(`${name}-server.js`, import.meta.url));
    try {
      results.set(name, await measureConnections({ url: server.ready, pid: server.pid }, connections));
    } finally {
      await server.stop();
    }
  }
  results.set("gateway", await measureGateway());
} finally {
  await rm(dataDir, { recursive: true, force: true });
}

console.log(`\n${connections} idle connections\n`);
console.log("server        bytes a connection   above bare   connects a second");
const bare = results.get("bare")?.bytesPerConnection ?? Number.NaN;
for (const [name, { bytesPerConnection, connectsPerSecond }] of results) {
  const cells = [bytesPerConnection, bytesPerConnection - bare, connectsPerSecond].map((cell) => cell.toFixed(0));
  const [bytes = "", above = "", rate = ""] = cells;
  console.log(`${name.padEnd(12)}${bytes.padStart(20)}${above.padStart(13)}${rate.padStart(20)}`);
}
const above = (results.get("gateway")?.bytesPerConnection ?? Number.NaN) - bare;
console.log(
  `\ntarget: the gateway at most ${TARGET_BYTES_ABOVE_BARE} above bare; ${above <= TARGET_BYTES_ABOVE_BARE ? "met" : "missed"}`,
);

async function measureGateway(): Promise<ConnectionMeasurement> {
  const stack = await startStack({
    dataDir,
    replicas: Object.fromEntries(Object.keys(SERVICES).map((name) => [name, name === "gateway" ? 1 : 0])),
    env: { LOG_LEVEL: "warn" },
    serviceEnv: {
      gateway: {
        GATEWAY_MAX_CONNECTIONS: String(WANTED * 2),
        GATEWAY_MAX_NEW_CONNECTIONS_PER_SECOND: "1000000",
        GATEWAY_HEARTBEAT_MS: "960000",
      },
    },
  });
  try {
    return await measureConnections({ url: stack.url, pid: stack.service("gateway").pid }, connections);
  } finally {
    await stack.stop();
  }
}

async function readDescriptorLimit(): Promise<number> {
  const limits = await readFile("/proc/self/limits", "utf8");
  return Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? Number.NaN);
}

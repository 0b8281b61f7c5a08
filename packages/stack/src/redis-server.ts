import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startLocalServer, type LocalServer, type SupervisionOptions } from "./local-server.js";
import { probeFirstLine } from "./probe-tcp.js";

export type RedisServer = LocalServer;

export interface RedisServerOptions extends SupervisionOptions {
  /** Holds the configuration file, the log and the append-only file. */
  dataDir: string;
  /** Default: any free port, kept across restarts. */
  port?: number;
}

/** Starts a redis-server on loopback that keeps every write in its append-only file and evicts nothing. */
export function startRedisServer(o: RedisServerOptions): Promise<RedisServer> {
  const dataDir = resolve(o.dataDir);
  const configFile = join(dataDir, "redis.conf");
  return startLocalServer(
    {
      name: "redis",
      binary: "redis-server",
      dataDir,
      port: o.port,
      url: (port) => `redis://127.0.0.1:${port}`,
      isReady: async (port) => (await probeFirstLine(port, "PING\r\n")) === "+PONG",
      async configure(port) {
        await writeFile(configFile, describeConfig(port, dataDir));
        return [configFile];
      },
    },
    o,
  );
}

function describeConfig(port: number, dataDir: string): string {
  return [
    "bind 127.0.0.1",
    `port ${port}`,
    "protected-mode yes",
    "daemonize no",
    `dir ${JSON.stringify(dataDir)}`,
    "appendonly yes",
    "appendfsync everysec",
    'save ""',
    "maxmemory-policy noeviction",
    "",
  ].join("\n");
}

import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startLocalServer, type LocalServer, type SupervisionOptions } from "./local-server.js";
import { probeFirstLine } from "./probe-tcp.js";

export type NatsServer = LocalServer;

export interface NatsServerOptions extends SupervisionOptions {
  /** Holds the configuration file, the log and the JetStream store. */
  dataDir: string;
  /** Default: any free port, kept across restarts. */
  port?: number;
  name?: string;
  /** Largest message in bytes; the server's own default (1 MiB) when absent. */
  maxPayloadBytes?: number;
  /** JetStream's share of the disk; the server's own default (three quarters of what is free) when absent. */
  maxFileStoreBytes?: number;
  maxMemoryStoreBytes?: number;
  /** More lines for the configuration file, in its own syntax. */
  extraConfig?: string;
  /** More command line arguments. */
  args?: readonly string[];
}

/** Starts a nats-server with JetStream on loopback. Uses nothing that 2.9.10 does not have. */
export function startNatsServer(o: NatsServerOptions): Promise<NatsServer> {
  const dataDir = resolve(o.dataDir);
  const configFile = join(dataDir, "nats-server.conf");
  return startLocalServer(
    {
      name: "nats",
      binary: "nats-server",
      dataDir,
      port: o.port,
      url: (port) => `nats://127.0.0.1:${port}`,
      isReady: async (port) => (await probeFirstLine(port))?.startsWith("INFO ") ?? false,
      async configure(port) {
        await writeFile(configFile, describeConfig(port, dataDir, o));
        return ["-c", configFile, ...(o.args ?? [])];
      },
    },
    o,
  );
}

function describeConfig(port: number, dataDir: string, o: NatsServerOptions): string {
  const jetStream = [
    `store_dir: ${JSON.stringify(join(dataDir, "jetstream"))}`,
    o.maxFileStoreBytes === undefined ? "" : `max_file_store: ${o.maxFileStoreBytes}`,
    o.maxMemoryStoreBytes === undefined ? "" : `max_memory_store: ${o.maxMemoryStoreBytes}`,
  ];
  const lines = [
    `server_name: ${JSON.stringify(o.name ?? `orchestra-${port}`)}`,
    `listen: "127.0.0.1:${port}"`,
    o.maxPayloadBytes === undefined ? "" : `max_payload: ${o.maxPayloadBytes}`,
    `jetstream {\n${indent(jetStream)}\n}`,
    o.extraConfig ?? "",
  ];
  return `${lines.filter((line) => line !== "").join("\n")}\n`;
}

function indent(lines: readonly string[]): string {
  return lines
    .filter((line) => line !== "")
    .map((line) => `  ${line}`)
    .join("\n");
}

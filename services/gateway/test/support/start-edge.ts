import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startStack, type ServiceProcess, type Stack } from "@ai-orchestra/stack";
import { SECRET } from "./tokens.js";

const SERVICES = fileURLToPath(new URL("../../..", import.meta.url));

/** Gateways that ask for tokens and the memory service, as real processes; no turn is run. */
export interface Edge {
  readonly stack: Stack;
  gateway(index: number): ServiceProcess & { readonly url: string };
  stop(): Promise<void>;
}

/** @param env of every service; see `support/tokens.ts` for tokens that are good here */
export async function startEdge({
  gateways = 1,
  env = {},
}: { gateways?: number; env?: Record<string, string> } = {}): Promise<Edge> {
  const dataDir = await mkdtemp(join(tmpdir(), "orchestra-edge-"));
  const stack = await startStack({
    dataDir,
    replicas: { ...(await leaveOutAll()), gateway: gateways, memory: 1 },
    restartServices: false,
    env: { AUTH_JWT_SECRET: SECRET, ...env },
  });
  return {
    stack,
    gateway: (index) => {
      const service = stack.service("gateway", index);
      if (service.url === undefined) throw new Error(`${service.instance} has no client port`);
      return service as ServiceProcess & { url: string };
    },
    stop: async () => {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** No instance of any service that is built. */
async function leaveOutAll(): Promise<Record<string, number>> {
  const names = await readdir(SERVICES);
  const built = names.filter((name) => existsSync(join(SERVICES, name, "dist", "main.js")));
  return Object.fromEntries(built.map((name) => [name, 0]));
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startStack, type ServiceProcess, type Stack } from "@ai-orchestra/stack";
import { SECRET } from "./tokens.js";

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
    replicas: { gateway: gateways, orchestrator: 0 },
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

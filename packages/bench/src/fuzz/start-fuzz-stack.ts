import { rm } from "node:fs/promises";
import { startStack, type Stack } from "@ai-orchestra/stack";
import { writeBenchModels } from "../bench-models.js";

/** A mesh to be fuzzed: no limit of a single client ends the run early, and turns are short. */
export async function startFuzzStack(): Promise<{ stack: Stack; stop: () => Promise<void> }> {
  const { dataDir, path } = await writeBenchModels(8);
  const stack = await startStack({
    dataDir,
    env: { ORCHESTRA_CONFIG: path, LOG_LEVEL: "warn" },
    serviceEnv: { gateway: { GATEWAY_MAX_NEW_CONNECTIONS_PER_SECOND: "1000000" } },
  });
  return {
    stack,
    stop: async () => {
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

import { rm } from "node:fs/promises";
import { startStack } from "@ai-orchestra/stack";
import { writeBenchModels } from "../bench-models.js";
import { median } from "../median.js";
import { spawnNode } from "../spawn-node.js";
import { type DriveResult, driveTurns } from "./drive-turns.js";

/**
 * Tokens per second and time to first token of the whole mesh, with an in-process generator as the model, against a
 * bare loop of uWebSockets.js and core NATS that does nothing and sends one message per token. Both sides share one
 * nats-server and one load generator, and take turns within one run.
 */
const TOKENS = 64;
const ROUNDS = 5;
const LOADS = [
  { connections: 1, turns: 1_500 },
  { connections: 16, turns: 4_000 },
  { connections: 128, turns: 6_000 },
];

const { dataDir, path } = await writeBenchModels(TOKENS);
const stack = await startStack({ dataDir, port: 0, env: { ORCHESTRA_CONFIG: path, LOG_LEVEL: "warn" } });
const env = { NATS_URL: stack.nats.url, TOKENS: String(TOKENS) };
const gateway = await spawnNode(new URL("bare-gateway.js", import.meta.url), env);
const worker = await spawnNode(new URL("bare-worker.js", import.meta.url), env);

try {
  const sides = { bare: gateway.ready, mesh: stack.url };
  for (const url of Object.values(sides))
    await driveTurns({ url, connections: 16, turns: 3_000, tokensPerTurn: TOKENS });
  console.log(
    `${TOKENS} tokens a turn, medians of ${ROUNDS} rounds; first token in ms from turn.start to the first delta\n`,
  );
  console.log(
    "connections   bare tokens/s   mesh tokens/s   ratio   bare first   mesh first   difference   bare p99   mesh p99",
  );
  for (const load of LOADS) {
    const results: Record<keyof typeof sides, DriveResult[]> = { bare: [], mesh: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const side of ["bare", "mesh"] as const) {
        results[side].push(await driveTurns({ url: sides[side], ...load, tokensPerTurn: TOKENS }));
      }
    }
    const middle = (side: keyof typeof sides, field: keyof DriveResult) =>
      median(results[side].map((result) => result[field]));
    const [bare, mesh] = [middle("bare", "tokensPerSecond"), middle("mesh", "tokensPerSecond")];
    const [bareFirst, meshFirst] = [middle("bare", "firstTokenMs"), middle("mesh", "firstTokenMs")];
    console.log(
      [
        String(load.connections).padStart(11),
        Math.round(bare).toString().padStart(15),
        Math.round(mesh).toString().padStart(15),
        (mesh / bare).toFixed(2).padStart(7),
        bareFirst.toFixed(2).padStart(12),
        meshFirst.toFixed(2).padStart(12),
        (meshFirst - bareFirst).toFixed(2).padStart(12),
        middle("bare", "firstTokenP99Ms").toFixed(2).padStart(10),
        middle("mesh", "firstTokenP99Ms").toFixed(2).padStart(10),
      ].join(" "),
    );
  }
} finally {
  await worker.stop();
  await gateway.stop();
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}

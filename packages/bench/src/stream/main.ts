import { rm } from "node:fs/promises";
import { startStack } from "@ai-orchestra/stack";
import { writeBenchModels } from "../bench-models.js";
import { readCpuSeconds } from "../process-usage.js";
import { spawnNode } from "../spawn-node.js";
import { compareSides } from "./compare-sides.js";
import { driveTurns } from "./drive-turns.js";
import { drivePlainClient } from "./plain-client.js";

/**
 * Tokens per second and time to first token of the whole mesh. First with an in-process generator as the model, against
 * a bare loop of uWebSockets.js and core NATS that does nothing and sends one message per token; then with an
 * OpenAI-compatible upstream in its own process, beside a plain client that reads that upstream directly. Both sides of
 * a table share the machine, the nats-server and the load generator, and take turns within one run.
 */
const TOKENS = 64;
const ROUNDS = 5;
const LOADS = [
  { connections: 1, turns: 1_000 },
  { connections: 16, turns: 4_000 },
  { connections: 128, turns: 6_000 },
];

const upstream = await spawnNode(new URL(import.meta.resolve("@ai-orchestra/testkit/upstream-process")), {
  args: ["--tokens", String(TOKENS)],
});
const { dataDir, path } = await writeBenchModels(TOKENS, upstream.ready);
const stack = await startStack({ dataDir, port: 0, env: { ORCHESTRA_CONFIG: path, LOG_LEVEL: "warn" } });
const env = { NATS_URL: stack.nats.url, TOKENS: String(TOKENS) };
const bareGateway = await spawnNode(new URL("bare-gateway.js", import.meta.url), { env });
const bareWorker = await spawnNode(new URL("bare-worker.js", import.meta.url), { env });

const common = { tokensPerTurn: TOKENS, model: "bench/generator" };
const mesh = (model: string) => (load: { connections: number; turns: number }) =>
  driveTurns({ url: stack.url, ...common, ...load, model });

try {
  console.log(
    `${TOKENS} tokens a turn, medians of ${ROUNDS} rounds; first token in ms, from the request to the first delta`,
  );
  await compareSides({
    title: "\nIn-process generator, against a bare loop of uWebSockets.js and core NATS",
    sides: {
      bare: (load) => driveTurns({ url: bareGateway.ready, ...common, ...load }),
      mesh: mesh("bench/generator"),
    },
    loads: LOADS,
    rounds: ROUNDS,
  });
  const processes = new Map([
    ...stack.services.map(({ instance, pid }) => [instance, pid] as const),
    ["nats-server", stack.nats.pid] as const,
    ["redis-server", stack.redis.pid] as const,
    ["upstream", upstream.pid] as const,
  ]);
  await compareSides({
    title: "\nOpenAI-compatible upstream over HTTP, beside a plain client that reads it directly",
    sides: { plain: (load) => drivePlainClient({ url: upstream.ready, ...common, ...load }), mesh: mesh("http/model") },
    loads: LOADS.map(({ connections, turns }) => ({ connections, turns: turns / 2 })),
    rounds: ROUNDS,
  });
  const before = new Map([...processes].map(([name, pid]) => [name, readCpuSeconds(pid)]));
  const turns = 4_000;
  await mesh("http/model")({ connections: 128, turns });
  console.log("\nCPU per token of each process, HTTP upstream, 128 connections");
  for (const [name, pid] of processes) {
    const micros = ((readCpuSeconds(pid) - (before.get(name) ?? 0)) / (turns * TOKENS)) * 1e6;
    console.log(`${name.padEnd(16)} ${micros.toFixed(1).padStart(6)} µs`);
  }
} finally {
  await bareWorker.stop();
  await bareGateway.stop();
  await stack.stop();
  await upstream.stop();
  await rm(dataDir, { recursive: true, force: true });
}

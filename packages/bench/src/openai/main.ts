import { rm } from "node:fs/promises";
import { startStack } from "@ai-orchestra/stack";
import { writeBenchModels } from "../bench-models.js";
import { median } from "../median.js";
import { spawnNode } from "../spawn-node.js";
import {
  type CompletionsLoad,
  type CompletionsResult,
  type CompletionsSide,
  driveCompletions,
} from "./drive-completions.js";
import { startPortkey } from "./start-portkey.js";

/**
 * `/v1/chat/completions` of the whole mesh against the Portkey gateway and against the upstream that both stand in
 * front of. All three share the machine, the upstream and the load generator, and take turns within one run.
 */
const TOKENS = 64;
const ROUNDS = 5;
const LOADS: readonly CompletionsLoad[] = [
  { streaming: false, inFlight: 1, requests: 400 },
  { streaming: false, inFlight: 50, requests: 3_000 },
  { streaming: true, inFlight: 1, requests: 400 },
  { streaming: true, inFlight: 50, requests: 3_000 },
];

const upstream = await spawnNode(new URL(import.meta.resolve("@ai-orchestra/testkit/upstream-process")), {
  args: ["--tokens", String(TOKENS)],
});
const { dataDir, path } = await writeBenchModels(TOKENS, upstream.ready);
const stack = await startStack({ dataDir, port: 0, env: { ORCHESTRA_CONFIG: path, LOG_LEVEL: "warn" } });
const portkey = await startPortkey();

const sides: Readonly<Record<string, CompletionsSide>> = {
  upstream: { url: upstream.ready, model: "model" },
  portkey: {
    url: portkey.url,
    model: "model",
    headers: { "x-portkey-provider": "openai", "x-portkey-custom-host": upstream.ready },
  },
  mesh: { url: `${stack.url}/v1`, model: "http/model" },
};

try {
  for (const side of Object.values(sides)) {
    for (const streaming of [false, true]) await driveCompletions(side, { streaming, inFlight: 16, requests: 1_500 });
  }
  console.log(`${TOKENS} tokens an answer, medians of ${ROUNDS} rounds`);
  console.log("latency in ms: to the end of a JSON answer, to the first token of a stream\n");
  const columns = ["upstream/s", "portkey/s", "mesh/s", "mesh/portkey", "upstream ms", "portkey adds", "mesh adds"];
  console.log(`${"answer".padEnd(8)}${"in flight".padStart(10)}${columns.map((name) => name.padStart(14)).join("")}`);
  for (const load of LOADS) console.log(describeLoad(load, await measure(load)));
} finally {
  await portkey.stop();
  await stack.stop();
  await upstream.stop();
  await rm(dataDir, { recursive: true, force: true });
}

/** Every side once a round, in turn; the medians of each side. */
async function measure(load: CompletionsLoad): Promise<Map<string, CompletionsResult>> {
  const results = new Map<string, CompletionsResult[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, side] of Object.entries(sides)) {
      results.set(name, [...(results.get(name) ?? []), await driveCompletions(side, load)]);
    }
  }
  const middle = (runs: readonly CompletionsResult[]): CompletionsResult => ({
    requestsPerSecond: median(runs.map(({ requestsPerSecond }) => requestsPerSecond)),
    latencyMs: median(runs.map(({ latencyMs }) => latencyMs)),
  });
  return new Map([...results].map(([name, runs]) => [name, middle(runs)]));
}

function describeLoad({ streaming, inFlight }: CompletionsLoad, results: Map<string, CompletionsResult>): string {
  const nothing: CompletionsResult = { requestsPerSecond: Number.NaN, latencyMs: Number.NaN };
  const { upstream = nothing, portkey = nothing, mesh = nothing } = Object.fromEntries(results);
  const cells = [
    upstream.requestsPerSecond.toFixed(0),
    portkey.requestsPerSecond.toFixed(0),
    mesh.requestsPerSecond.toFixed(0),
    (mesh.requestsPerSecond / portkey.requestsPerSecond).toFixed(2),
    upstream.latencyMs.toFixed(2),
    (portkey.latencyMs - upstream.latencyMs).toFixed(2),
    (mesh.latencyMs - upstream.latencyMs).toFixed(2),
  ];
  const head = `${(streaming ? "stream" : "JSON").padEnd(8)}${String(inFlight).padStart(10)}`;
  return `${head}${cells.map((cell) => cell.padStart(14)).join("")}`;
}

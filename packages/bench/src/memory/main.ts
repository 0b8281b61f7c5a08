import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { startStack } from "@ai-orchestra/stack";
import { writeBenchModels } from "../bench-models.js";
import { readResidentBytes } from "../process-usage.js";
import { driveTurns } from "../stream/drive-turns.js";

/** Resident memory of each process after each of several passes of 10 000 turns. A leak shows as a rise that goes on. */
const TURNS = 10_000;
const PASSES = 5;
const TOKENS = 64;
/** Garbage and page caches settle for this long before memory is read. */
const SETTLE_MS = 5_000;

const { dataDir, path } = await writeBenchModels(TOKENS);
const stack = await startStack({ dataDir, port: 0, env: { ORCHESTRA_CONFIG: path, LOG_LEVEL: "warn" } });

function readAll(): Map<string, number> {
  const services = stack.services.map(({ instance, pid }) => [instance, readResidentBytes(pid)] as const);
  return new Map([
    ...services,
    ["nats-server", readResidentBytes(stack.nats.pid)],
    ["redis-server", readResidentBytes(stack.redis.pid)],
  ]);
}

try {
  const readings: Map<string, number>[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    await driveTurns({
      url: stack.url,
      connections: 32,
      turns: TURNS,
      tokensPerTurn: TOKENS,
      model: "bench/generator",
    });
    await delay(SETTLE_MS);
    readings.push(readAll());
  }
  console.log(`resident memory in MB after each ${TURNS} turns of ${TOKENS} tokens\n`);
  for (const name of readings[0]?.keys() ?? []) {
    const values = readings.map((reading) => reading.get(name) ?? Number.NaN);
    const [first = Number.NaN, second = Number.NaN] = values;
    const columns = values.map((bytes) => (bytes / 1e6).toFixed(1).padStart(8)).join("");
    console.log(`${name.padEnd(16)}${columns}   second/first ${(second / first).toFixed(3)}`);
  }
} finally {
  await stack.stop();
  await rm(dataDir, { recursive: true, force: true });
}

/**
 * Round trips of `bus.call` against `nc.request` and Moleculer over one nats-server. Every rival has its server and its
 * client in processes of their own, and answers 200 bytes of JSON with the same. Rounds alternate, so that whatever else
 * the machine does hits all alike; a figure is the median of its rounds.
 *
 * usage: node packages/bus/bench/rpc/main.mjs [--rounds 5] [--seconds 2]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startNatsServer } from "@ai-orchestra/stack";

const NAMES = ["bus.call", "nc.request", "moleculer"];
const IN_FLIGHT = [1, 64, 256];
const WARM_UP_MS = 1_500;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "2" } },
});
const rounds = Number(values.rounds);
const durationMs = Number(values.seconds) * 1_000;

const dataDir = await mkdtemp(join(tmpdir(), "bench-rpc-"));
const nats = await startNatsServer({ dataDir });
const children = [];
try {
  const clients = new Map();
  for (const name of NAMES) {
    await start("server-process.mjs", name);
    clients.set(name, await start("client-process.mjs", name));
  }
  for (const name of NAMES) await measure(clients.get(name), 64, WARM_UP_MS);
  const results = new Map(NAMES.map((name) => [name, new Map(IN_FLIGHT.map((inFlight) => [inFlight, []]))]));
  for (let round = 0; round < rounds; round += 1) {
    for (const inFlight of IN_FLIGHT) {
      for (const name of NAMES) {
        results
          .get(name)
          .get(inFlight)
          .push(await measure(clients.get(name), inFlight, durationMs));
      }
    }
  }
  print(results);
} finally {
  for (const child of children) child.disconnect();
  await nats.stop();
  await rm(dataDir, { recursive: true, force: true });
}

async function start(file, name) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [name, nats.url]);
  children.push(child);
  await once(child, "message");
  return child;
}

async function measure(client, inFlight, forMs) {
  const answered = once(client, "message");
  client.send({ inFlight, durationMs: forMs });
  const [result] = await answered;
  return result;
}

function median(figures) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
}

function print(results) {
  const rows = [];
  for (const inFlight of IN_FLIGHT) {
    const rate = (name) =>
      median(
        results
          .get(name)
          .get(inFlight)
          .map((result) => result.callsPerSecond),
      );
    for (const name of NAMES) {
      const of = (key) =>
        median(
          results
            .get(name)
            .get(inFlight)
            .map((result) => result[key]),
        );
      rows.push({
        "in flight": inFlight,
        rival: name,
        "calls/s": Math.round(rate(name)),
        "median ms": Number(of("medianMs").toFixed(3)),
        "p99 ms": Number(of("p99Ms").toFixed(3)),
        "client CPU µs/call": Number(of("cpuMicrosPerCall").toFixed(1)),
        "bus.call is": name === "bus.call" ? "" : `${(rate("bus.call") / rate(name)).toFixed(2)} x`,
      });
    }
  }
  console.table(rows);
}

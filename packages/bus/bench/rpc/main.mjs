/**
 * Round trips of `bus.call` against `nc.request` and Moleculer over one nats-server. Every rival has its server and its
 * client in processes of their own, and answers 200 bytes of JSON with the same. The rivals take turns in short slices,
 * so that whatever else the machine does hits all alike: a figure is the median of the slices, a ratio the median of the
 * ratios of neighbouring slices.
 *
 * usage: node packages/bus/bench/rpc/main.mjs [--rounds 15] [--slice-ms 300]
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
const WARM_UP_MS = 2_000;

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, "slice-ms": { type: "string", default: "300" } },
});
const rounds = Number(values.rounds);
const sliceMs = Number(values["slice-ms"]);

const dataDir = await mkdtemp(join(tmpdir(), "bench-rpc-"));
const nats = await startNatsServer({ dataDir });
const children = [];
try {
  const pairs = new Map();
  for (const name of NAMES) {
    const server = await start("server-process.mjs", name);
    pairs.set(name, { server, client: await start("client-process.mjs", name) });
  }
  for (const name of NAMES) await measure(pairs.get(name), 64, WARM_UP_MS);
  const slices = [];
  for (const inFlight of IN_FLIGHT) {
    for (let round = 0; round < rounds; round += 1) {
      const slice = { inFlight };
      for (const name of NAMES) slice[name] = await measure(pairs.get(name), inFlight, sliceMs);
      slices.push(slice);
    }
  }
  print(slices);
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

async function measure({ client, server }, inFlight, durationMs) {
  const before = await ask(server, "cpu");
  const result = await ask(client, { inFlight, durationMs });
  const after = await ask(server, "cpu");
  const serverMicros = after.user + after.system - before.user - before.system;
  return { ...result, serverMicrosPerCall: serverMicros / result.calls };
}

async function ask(child, question) {
  const answered = once(child, "message");
  child.send(question);
  const [answer] = await answered;
  return answer;
}

function median(figures) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)];
}

function print(slices) {
  const rows = [];
  for (const inFlight of IN_FLIGHT) {
    const these = slices.filter((slice) => slice.inFlight === inFlight);
    for (const name of NAMES) {
      const of = (key) => median(these.map((slice) => slice[name][key]));
      const ratio = median(these.map((slice) => slice["bus.call"].callsPerSecond / slice[name].callsPerSecond));
      rows.push({
        "in flight": inFlight,
        rival: name,
        "calls/s": Math.round(of("callsPerSecond")),
        "median ms": Number(of("medianMs").toFixed(3)),
        "p99 ms": Number(of("p99Ms").toFixed(3)),
        "client CPU us/call": Number(of("clientMicrosPerCall").toFixed(1)),
        "server CPU us/call": Number(of("serverMicrosPerCall").toFixed(1)),
        "bus.call is": name === "bus.call" ? "" : `${ratio.toFixed(2)} x`,
      });
    }
  }
  console.table(rows);
}

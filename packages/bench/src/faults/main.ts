import { parseArgs } from "node:util";
import { startFaultMesh } from "./fault-mesh.js";
import { judgeSightings, type Verdict } from "./judge-sightings.js";
import { listKills } from "./list-faults.js";
import { runFaults } from "./run-faults.js";

/**
 * Streams turns through SDK clients while every part of the mesh is killed with SIGKILL, one after the other, and comes
 * back. Ends with 1 unless every turn completed and every client read exactly what the upstream sent.
 */
const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "200" },
    clients: { type: "string", default: "20" },
    rounds: { type: "string", default: "1" },
    "outage-ms": { type: "string", default: "1000" },
    tokens: { type: "string", default: "100" },
    "token-ms": { type: "string", default: "30" },
  },
});

const mesh = await startFaultMesh({
  clients: Number(values.clients),
  replicas: { gateway: 2, orchestrator: 2 },
  tokensPerAnswer: () => Number(values.tokens),
  tokenMs: Number(values["token-ms"]),
  varies: (question) => Number(/\d+$/.exec(question)?.[0]) % 3 === 0,
});
try {
  const faults = Array.from({ length: Number(values.rounds) }, (_, round) => listKills(mesh, round)).flat();
  console.log(
    row("killed", "turns", "completed", "exact", "restarted", "degraded", "back after ms", "longest silence"),
  );
  const reports = await runFaults({
    mesh,
    faults,
    turnsPerFault: Math.ceil(Number(values.turns) / faults.length),
    outageMs: Number(values["outage-ms"]),
    onReport: ({ name, mendedMs, sightings }) =>
      console.log(describe(name, judgeSightings(sightings, mesh.answers), mendedMs)),
  });
  const all = judgeSightings(
    reports.flatMap(({ sightings }) => sightings),
    mesh.answers,
  );
  console.log(describe("all", all));
  for (const complaint of all.complaints) console.log(complaint);
  process.exitCode = all.complaints.length === 0 ? 0 : 1;
} finally {
  await mesh.stop();
}

function describe(name: string, verdict: Verdict, mendedMs?: number): string {
  const { turns, completed, exact, restarted, degraded, longestSilenceMs } = verdict;
  const back = mendedMs === undefined ? "" : String(Math.round(mendedMs));
  return row(name, turns, completed, exact, restarted, degraded, back, `${Math.round(longestSilenceMs)} ms`);
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  return name.padEnd(16) + cells.map((cell) => String(cell).padStart(16)).join("");
}

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFaultMesh, type FaultMesh } from "../src/faults/fault-mesh.js";
import { judgeSightings } from "../src/faults/judge-sightings.js";
import { listKills } from "../src/faults/list-faults.js";
import { runFaults } from "../src/faults/run-faults.js";
import { restartInTurn } from "../src/faults/restart-in-turn.js";

let mesh: FaultMesh;

beforeAll(async () => {
  mesh = await startFaultMesh({
    clients: 10,
    replicas: { gateway: 2, orchestrator: 2, memory: 2 },
    // Longer than a restarting orchestrator waits, so that turns are handed over.
    tokensPerAnswer: (question) => (question.startsWith("r") ? 150 : 60),
    tokenMs: 30,
    varies: (question) => Number(/\d+$/.exec(question)?.[0]) % 3 === 0,
  });
});

afterAll(() => mesh.stop());

describe("the whole mesh on a three-node NATS cluster", () => {
  it(
    "completes 200 turns, each text as the upstream sent it, while every part is killed once",
    { timeout: 120_000 },
    async () => {
      const faults = listKills(mesh);
      const turnsPerFault = Math.ceil(200 / faults.length);
      const reports = await runFaults({ mesh, faults, turnsPerFault, outageMs: 500 });
      const sightings = reports.flatMap((report) => report.sightings);
      const verdict = judgeSightings(sightings, mesh.answers);
      expect(verdict.complaints).toEqual([]);
      expect(verdict.exact).toBe(turnsPerFault * faults.length);
      expect(verdict.restarted).toBeGreaterThan(0);
      expect(verdict.longestSilenceMs).toBeLessThan(20_000);
    },
  );

  it(
    "fails no turn while every instance of every service is restarted in turn, and each leaves in time",
    { timeout: 120_000 },
    async () => {
      const { departures, sightings } = await restartInTurn(mesh, { concurrency: 20 });
      const verdict = judgeSightings(sightings, mesh.answers);
      expect(verdict.complaints).toEqual([]);
      expect(verdict.exact).toBeGreaterThanOrEqual(40);
      expect(verdict.restarted).toBeGreaterThan(0);
      for (const { instance, exitCode, tookMs, drainTimeoutMs } of departures) {
        expect({ instance, exitCode }).toEqual({ instance, exitCode: 0 });
        expect(tookMs, instance).toBeLessThan(drainTimeoutMs);
      }
      expect(departures.map(({ instance }) => instance)).toEqual(mesh.stack.services.map(({ instance }) => instance));
    },
  );
});

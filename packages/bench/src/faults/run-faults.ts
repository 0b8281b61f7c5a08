import type { Fault } from "./list-faults.js";
import type { FaultMesh } from "./fault-mesh.js";
import { watchTurn, type TurnSighting, type WatchedTurn } from "./watched-turn.js";

/** What the turns saw that ran while one fault was struck and mended. */
export interface FaultReport {
  readonly name: string;
  /** From the strike until the thing was whole again. */
  readonly mendedMs: number;
  readonly sightings: readonly TurnSighting[];
}

export interface FaultRun {
  mesh: FaultMesh;
  faults: readonly Fault[];
  /** Turns per fault: the first half is in mid-stream when it strikes, the second is asked for right after. */
  turnsPerFault: number;
  /** How long a fault lasts before it is mended, where it does not mend itself. */
  outageMs: number;
  /** Told of each fault when its turns have ended. */
  onReport?: (report: FaultReport) => void;
}

/** Strikes one fault after the other, each with turns of its own around it. */
export async function runFaults({ mesh, faults, turnsPerFault, outageMs, onReport }: FaultRun): Promise<FaultReport[]> {
  const reports: FaultReport[] = [];
  for (const [index, fault] of faults.entries()) {
    const ask = (turn: number): WatchedTurn => {
      const client = mesh.clients[turn % mesh.clients.length];
      if (client === undefined) throw new RangeError("a fault run needs at least one client");
      return watchTurn(client, `f${index}t${turn}`);
    };
    const half = turnsPerFault >> 1;
    const before = Array.from({ length: half }, (_, turn) => ask(turn));
    await Promise.all(before.map(({ streaming }) => streaming));
    fault.strike();
    const struckAt = performance.now();
    const after = Array.from({ length: turnsPerFault - half }, (_, turn) => ask(half + turn));
    await new Promise((resolve) => setTimeout(resolve, outageMs));
    await fault.mend();
    const mendedMs = performance.now() - struckAt;
    const sightings = await Promise.all([...before, ...after].map(({ ended }) => ended));
    const report = { name: fault.name, mendedMs, sightings };
    reports.push(report);
    onReport?.(report);
  }
  return reports;
}

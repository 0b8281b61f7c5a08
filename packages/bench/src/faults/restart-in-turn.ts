import { DRAIN_TIMEOUT_MS, type FaultMesh } from "./fault-mesh.js";
import { watchTurn, type TurnSighting } from "./watched-turn.js";

/** How one instance left after SIGTERM. */
export interface Departure {
  readonly instance: string;
  readonly exitCode: number | null;
  readonly tookMs: number;
  /** What it was given to drain in. */
  readonly drainTimeoutMs: number;
}

export interface RollingRestart {
  readonly departures: readonly Departure[];
  /** Every turn that ran meanwhile. */
  readonly sightings: readonly TurnSighting[];
}

/** Sends SIGTERM to one instance after the other, each once the one before is ready again, while `concurrency` turns run. */
export async function restartInTurn(
  mesh: FaultMesh,
  { concurrency }: { concurrency: number },
): Promise<RollingRestart> {
  const sightings: TurnSighting[] = [];
  let asked = 0;
  const over = new AbortController();
  const keepAsking = async (index: number): Promise<void> => {
    const client = mesh.clients[index % mesh.clients.length];
    if (client === undefined) return;
    while (!over.signal.aborted) {
      asked += 1;
      sightings.push(await watchTurn(client, `r${asked}`).ended);
    }
  };
  const asking = Array.from({ length: concurrency }, (_, index) => keepAsking(index));
  const departures: Departure[] = [];
  try {
    for (const service of mesh.stack.services) {
      const startedAt = performance.now();
      const exited = service.waitExit();
      service.kill("SIGTERM");
      const exit = await exited;
      const tookMs = performance.now() - startedAt;
      departures.push({
        instance: service.instance,
        exitCode: exit?.code ?? null,
        tookMs,
        drainTimeoutMs: DRAIN_TIMEOUT_MS,
      });
      await service.waitReady();
    }
  } finally {
    over.abort();
    await Promise.all(asking);
  }
  return { departures, sightings };
}

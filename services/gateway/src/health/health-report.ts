import type { HealthOverview, HealthReport, HealthStatus, InstanceHealth, SystemState } from "@ai-orchestra/contracts";
import type { InstanceSighting } from "./heartbeat-board.js";

/** Heartbeats come once a second; this many late ones and an instance counts as lost. */
const LOST_AFTER_MS = 5_000;
/** Without one of these no turn can run. */
const ESSENTIAL_SERVICES = ["gateway", "orchestrator"] as const;
/** Without one of these turns run without what it gives. */
const EXPECTED_SERVICES = [...ESSENTIAL_SERVICES, "memory"] as const;

/**
 * Sums up what is known: `down` when no turn can run, `degraded` when something is missing or says so itself. A lost
 * or draining instance does not count as long as its service has another one. A level below normal is `degraded`.
 */
export function reportHealth({
  sightings,
  busConnected,
  state,
  overview,
  now,
}: {
  sightings: readonly InstanceSighting[];
  busConnected: boolean;
  /** What this gateway obeys. */
  state: Pick<SystemState, "level" | "off">;
  /** What the health service told last; undefined while it is silent. */
  overview: Pick<HealthOverview, "components" | "state"> | undefined;
  /** Epoch ms. */
  now: number;
}): HealthReport {
  const instancesOf: Record<string, InstanceHealth[]> = {};
  for (const service of EXPECTED_SERVICES) instancesOf[service] = [];
  for (const sighting of sightings) (instancesOf[sighting.beat.service] ??= []).push(describeInstance(sighting, now));

  const services = Object.fromEntries(
    Object.entries(instancesOf).map(([name, instances]) => [name, { status: statusOf(instances), instances }]),
  );
  const cannotRun = !busConnected || ESSENTIAL_SERVICES.some((name) => services[name]?.status === "down");
  const allWell = state.level === "normal" && Object.values(services).every(({ status }) => status === "ok");
  return {
    status: cannotRun ? "down" : allWell ? "ok" : "degraded",
    checkedAt: new Date(now).toISOString(),
    services,
    level: state.level,
    off: state.off,
    ...(overview === undefined ? {} : { score: overview.state.score, components: overview.components.map(toPublic) }),
  };
}

/** Weights are the operator's business. */
function toPublic({ name, status, score, reasons }: HealthOverview["components"][number]) {
  return { name, status, score, reasons };
}

function describeInstance({ beat, seenAt }: InstanceSighting, now: number): InstanceHealth {
  return {
    instance: beat.instance,
    version: beat.version,
    status: now - seenAt > LOST_AFTER_MS ? "lost" : beat.state,
    lastSeenAt: new Date(seenAt).toISOString(),
    dependencies: beat.dependencies,
  };
}

function statusOf(instances: readonly InstanceHealth[]): HealthStatus {
  if (instances.some(({ status }) => status === "ready")) {
    return instances.some(({ status }) => status === "degraded") ? "degraded" : "ok";
  }
  return instances.some(({ status }) => status === "degraded") ? "degraded" : "down";
}

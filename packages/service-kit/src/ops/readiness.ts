import type { Heartbeat } from "@ai-orchestra/contracts";
import type { ComponentStatus } from "../lifecycle/component-runner.js";
import type { ServiceStatus } from "../lifecycle/service-state.js";
import type { DependencyReport } from "./dependencies.js";

/** The body of `/readyz`. */
export interface ReadinessReport {
  readonly status: "ready" | "unready";
  readonly state: ServiceStatus;
  readonly components: Readonly<Record<string, ComponentStatus>>;
  readonly dependencies: Readonly<Record<string, DependencyReport>>;
}

/** Ready means started, not draining, and every required dependency up. */
export function reportReadiness(o: {
  state: ServiceStatus;
  components: ReadonlyMap<string, ComponentStatus>;
  dependencies: Record<string, DependencyReport>;
}): ReadinessReport {
  const blocked = Object.values(o.dependencies).some(({ status, required }) => required && status === "down");
  return {
    status: o.state === "ready" && !blocked ? "ready" : "unready",
    state: o.state,
    components: Object.fromEntries(o.components),
    dependencies: o.dependencies,
  };
}

/** The state a heartbeat tells; anything down while the service runs makes it `degraded`. */
export function heartbeatState(report: ReadinessReport): Heartbeat["state"] {
  switch (report.state) {
    case "starting":
      return "starting";
    case "ready":
      return Object.values(report.dependencies).some(({ status }) => status === "down") ? "degraded" : "ready";
    case "draining":
    case "stopped":
    case "failed":
      return "draining";
  }
}

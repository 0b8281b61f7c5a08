import type { Metrics } from "@ai-orchestra/telemetry";
import type { ReadinessReport } from "./readiness.js";

/** `orchestra_ready` and `orchestra_dependency_up`: what `/readyz` says, as numbers. */
export function measureReadiness(o: { metrics: Metrics; readiness: () => ReadinessReport }): void {
  o.metrics.gauge({
    name: "ready",
    help: "1 while /readyz answers 200.",
    collect: (gauge) => gauge.set(o.readiness().status === "ready" ? 1 : 0),
  });
  o.metrics.gauge({
    name: "dependency_up",
    help: "1 while the dependency is up, seen from this instance.",
    labelNames: ["dependency"],
    collect: (gauge) => {
      for (const [dependency, { status }] of Object.entries(o.readiness().dependencies)) {
        gauge.set({ dependency }, status === "up" ? 1 : 0);
      }
    },
  });
}

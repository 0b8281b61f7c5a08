import type { Bus } from "@ai-orchestra/bus";
import type { Component } from "../component.js";

export interface DependencyReport {
  readonly status: "up" | "down";
  /** Whether the instance is unready while it is down. */
  readonly required: boolean;
}

/** What the instance depends on, seen from inside it: the bus, and every component that has a `dependency`. */
export function reportDependencies(o: {
  bus: Bus | undefined;
  components: readonly Component[];
}): Record<string, DependencyReport> {
  const reports: Record<string, DependencyReport> = {
    nats: { status: o.bus?.status === "connected" ? "up" : "down", required: true },
  };
  for (const component of o.components) {
    if (component.dependency !== undefined) {
      reports[component.name] = { status: ask(component), required: component.required ?? false };
    }
    for (const [name, status] of Object.entries(component.dependencies?.() ?? {})) {
      reports[name] = { status, required: false };
    }
  }
  return reports;
}

/** A dependency whose state cannot even be told is down. */
function ask(component: Component): "up" | "down" {
  try {
    return component.dependency?.() ?? "down";
  } catch {
    return "down";
  }
}

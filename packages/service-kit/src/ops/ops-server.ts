import { hostname } from "node:os";
import type { Metrics } from "@ai-orchestra/telemetry";
import { fastify } from "fastify";
import type { EventLoopWatch } from "./event-loop-watch.js";
import type { ReadinessReport } from "./readiness.js";
import type { ServiceStatus } from "../lifecycle/service-state.js";

export interface OpsServerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  metrics: Metrics;
  eventLoop: EventLoopWatch;
  state: () => ServiceStatus;
  readiness: () => ReadinessReport;
}

export interface OpsServer {
  /** Where it listens, for example `http://127.0.0.1:9101`. */
  readonly url: string;
  /** Closes it at once, open connections included. */
  close(): Promise<void>;
}

/**
 * Serves `/livez` (200, or 503 when the process should be replaced), `/readyz` (200 or 503, with the state of every
 * component and dependency) and `/metrics` (Prometheus text).
 *
 * @throws Error with code `EADDRINUSE` when the port is taken.
 */
export async function startOpsServer(o: OpsServerOptions): Promise<OpsServer> {
  const server = fastify({ logger: false, forceCloseConnections: true });

  server.get("/livez", (_request, reply) => {
    const status = livenessOf(o.state(), o.eventLoop);
    return reply.code(status === "alive" ? 200 : 503).send({ status });
  });
  server.get("/readyz", (_request, reply) => {
    const report = o.readiness();
    return reply.code(report.status === "ready" ? 200 : 503).send(report);
  });
  server.get("/metrics", async (_request, reply) => {
    const text = await o.metrics.registry.metrics();
    return reply.type(o.metrics.registry.contentType).send(text);
  });

  const address = await server.listen({ host: o.host, port: o.port });
  return { url: reachableUrl(o.host, new URL(address).port), close: () => server.close() };
}

function livenessOf(state: ServiceStatus, eventLoop: EventLoopWatch): "alive" | "failed" | "stuck" {
  if (state === "failed") return "failed";
  return eventLoop.isStuck ? "stuck" : "alive";
}

/** An address that means "every interface" reaches nobody: other machines know this one by its name. */
function reachableUrl(host: string, port: string): string {
  const name = host === "0.0.0.0" || host === "::" ? hostname() : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

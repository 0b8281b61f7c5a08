import type { DiscoveredService } from "./discover-services.js";
import { isPortFree } from "./free-port.js";
import { GATEWAY } from "./service-process.js";
import { StackError } from "./stack-error.js";

/** One instance to start. */
export interface PlannedService extends DiscoveredService {
  /** `<name>-<n>`, counted from 1. */
  instance: string;
  /** Where a gateway listens for clients; 0 for any free port. */
  clientPort?: number;
}

export interface PlanOptions {
  /** For the first gateway; 0 takes any free port, which every further gateway does. */
  port: number;
  /** Instances by service name; 1 when absent. */
  replicas: Readonly<Record<string, number>>;
}

/** Decides which instances run and on which client ports. Rejects with `usage` for an unknown name, `port_taken` for a port. */
export async function planServices(services: readonly DiscoveredService[], o: PlanOptions): Promise<PlannedService[]> {
  refuseUnknownNames(services, o.replicas);
  await refuseTakenPort(o.port);
  const plan: PlannedService[] = [];
  for (const service of services) {
    for (let n = 1; n <= (o.replicas[service.name] ?? 1); n += 1) {
      const planned: PlannedService = { ...service, instance: `${service.name}-${n}` };
      if (service.name === GATEWAY) planned.clientPort = n === 1 ? o.port : 0;
      plan.push(planned);
    }
  }
  return plan;
}

async function refuseTakenPort(port: number): Promise<void> {
  if (port === 0 || (await isPortFree(port))) return;
  throw new StackError(
    "port_taken",
    `port ${port} is taken; free it, or choose another: npm start -- --port ${port + 1}`,
  );
}

function refuseUnknownNames(services: readonly DiscoveredService[], replicas: Readonly<Record<string, number>>): void {
  const names = services.map((service) => service.name);
  const unknown = Object.keys(replicas).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new StackError("usage", `there is no service called ${unknown}; there are ${names.join(", ")}`);
}

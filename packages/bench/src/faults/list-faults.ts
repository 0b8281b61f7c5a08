import type { FaultMesh } from "./fault-mesh.js";

/** Something that breaks and is mended again. */
export interface Fault {
  readonly name: string;
  /** Breaks it, at once. */
  strike(): void;
  /** Resolves when it is whole again. */
  mend(): Promise<void>;
}

/** SIGKILL for one instance of every service that runs, for Redis, and for one node of the NATS cluster. */
export function listKills({ stack, cluster }: FaultMesh, round = 0): Fault[] {
  const names = [...new Set(stack.services.map(({ name }) => name))];
  const services = names.map((name): Fault => {
    const instances = stack.services.filter((service) => service.name === name);
    const victim = stack.service(name, round % instances.length);
    return {
      name: victim.instance,
      strike: () => victim.kill("SIGKILL"),
      mend: () => victim.waitReady(),
    };
  });
  const node = cluster.nodes[round % cluster.nodes.length];
  const redis: Fault = {
    name: "redis-server",
    strike: () => stack.redis.kill("SIGKILL"),
    mend: () => stack.redis.restart(),
  };
  const nats: Fault[] =
    node === undefined
      ? []
      : [{ name: `nats node ${round + 1}`, strike: () => node.kill("SIGKILL"), mend: () => node.restart() }];
  return [...services, redis, ...nats];
}

import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findFreePort } from "./free-port.js";
import { sendNatsRequest } from "./nats-request.js";
import { startNatsServer, type NatsServer } from "./nats-server.js";
import { StackError } from "./stack-error.js";

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 100;
const PROBE_STREAM = "CLUSTER_PROBE";
const LOOPBACK = "127.0.0.1";

export interface NatsClusterOptions {
  /** Holds a folder for each node. */
  dataDir: string;
  /** Odd, so that a majority remains when one is lost. Default 3. */
  nodes?: number;
}

/** Several nats-servers on loopback that keep replicated streams together. */
export interface NatsCluster {
  /** The nodes' URLs with commas between them, as `NATS_URL` and `startStack` take them. */
  readonly url: string;
  /** `kill`, `restart` and `stop` act on the one node; it keeps its ports and its data. */
  readonly nodes: readonly NatsServer[];
  stop(): Promise<void>;
}

/** Starts the nodes and resolves once they take a stream with a copy on each. */
export async function startNatsCluster(o: NatsClusterOptions): Promise<NatsCluster> {
  const size = o.nodes ?? 3;
  const routePorts = await findFreePorts(size);
  const started = await Promise.allSettled(
    routePorts.map((routePort, index) =>
      startNatsServer({
        dataDir: join(resolve(o.dataDir), `node-${index + 1}`),
        name: `node-${index + 1}`,
        extraConfig: describeCluster(routePort, routePorts),
      }),
    ),
  );
  const nodes = started.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
    await waitForReplication(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: nodes.map(({ url }) => url).join(","), nodes, stop };
}

async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}

function describeCluster(routePort: number, routePorts: readonly number[]): string {
  const routes = routePorts.map((port) => `"nats-route://${LOOPBACK}:${port}"`);
  return [
    "cluster {",
    "  name: orchestra",
    `  listen: "${LOOPBACK}:${routePort}"`,
    `  routes: [${routes.join(", ")}]`,
    // Nodes would tell clients every address of the machine; the list in `url` is complete.
    "  no_advertise: true",
    "}",
  ].join("\n");
}

/** A leader alone is not enough: it must also know how much room the others have. */
async function waitForReplication(nodes: readonly NatsServer[]): Promise<void> {
  const giveUpAt = performance.now() + READY_TIMEOUT_MS;
  const config = {
    name: PROBE_STREAM,
    subjects: [`${PROBE_STREAM}.none`],
    retention: "limits",
    storage: "memory",
    num_replicas: nodes.length,
  };
  for (;;) {
    const created = await askAny(nodes, `$JS.API.STREAM.CREATE.${PROBE_STREAM}`, config);
    if (created !== undefined && created["error"] === undefined) break;
    if (performance.now() > giveUpAt) {
      const reason = created === undefined ? "nobody answers" : JSON.stringify(created["error"]);
      throw new StackError("start_timeout", `the NATS cluster was not ready after ${READY_TIMEOUT_MS} ms: ${reason}`);
    }
    await wait(POLL_MS);
  }
  await askAny(nodes, `$JS.API.STREAM.DELETE.${PROBE_STREAM}`, {});
}

async function askAny(
  [node]: readonly NatsServer[],
  subject: string,
  payload: unknown,
): Promise<Record<string, unknown> | undefined> {
  if (node === undefined) return undefined;
  return sendNatsRequest(node.port, subject, payload).catch(() => undefined);
}

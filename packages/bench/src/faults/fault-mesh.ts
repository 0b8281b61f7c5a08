import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type OrchestraClient } from "@ai-orchestra/client";
import { startNatsCluster, startStack, type NatsCluster, type Stack } from "@ai-orchestra/stack";
import { startUniqueAnswers, type UniqueAnswers, type UniqueAnswersOptions } from "./unique-answers.js";

/** The whole mesh on a three-node NATS cluster, a model behind it and clients in front. */
export interface FaultMesh {
  readonly cluster: NatsCluster;
  readonly stack: Stack;
  readonly answers: UniqueAnswers;
  readonly clients: readonly OrchestraClient[];
  stop(): Promise<void>;
}

export interface FaultMeshOptions extends UniqueAnswersOptions {
  clients: number;
  /** Instances by service name; 1 of the others. */
  replicas: Readonly<Record<string, number>>;
}

const NODES = 3;
/** What every service is given to leave in after SIGTERM. */
export const DRAIN_TIMEOUT_MS = 3_000;

export async function startFaultMesh({ clients, replicas, ...answering }: FaultMeshOptions): Promise<FaultMesh> {
  const dataDir = await mkdtemp(join(tmpdir(), "orchestra-faults-"));
  const cluster = await startNatsCluster({ dataDir: join(dataDir, "nats"), nodes: NODES });
  const answers = await startUniqueAnswers(answering);
  const modelsPath = join(dataDir, "models.yaml");
  await writeFile(modelsPath, describeModels(answers.upstream.url));
  const stack = await startStack({
    dataDir,
    replicas,
    natsUrl: cluster.url,
    env: {
      JETSTREAM_REPLICAS: String(NODES),
      ORCHESTRA_CONFIG: modelsPath,
      DRAIN_TIMEOUT_MS: String(DRAIN_TIMEOUT_MS),
    },
  });
  const urls = stack.services.flatMap(({ url }) => (url === undefined ? [] : [url]));
  const connected = Array.from({ length: clients }, (_, index) =>
    createClient({ url: [...urls.slice(index % urls.length), ...urls.slice(0, index % urls.length)] }),
  );
  return {
    cluster,
    stack,
    answers,
    clients: connected,
    stop: async () => {
      for (const client of connected) client.close();
      await stack.stop();
      await cluster.stop();
      await answers.upstream.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function describeModels(url: string): string {
  return [
    "default: unique/model",
    "providers:",
    "  unique:",
    "    kind: openai",
    `    baseUrl: ${url}`,
    "    models:",
    "      - name: model",
    "",
  ].join("\n");
}

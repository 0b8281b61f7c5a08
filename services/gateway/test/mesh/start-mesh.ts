import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack, type StackOptions, startStack } from "@ai-orchestra/stack";
import { startUpstream, type Upstream } from "@ai-orchestra/testkit";

/** The whole mesh as real processes, with a scripted model behind it. */
export interface Mesh {
  readonly stack: Stack;
  readonly upstream: Upstream;
  /** The models file the orchestrators watch. */
  readonly modelsPath: string;
  /** Stops the mesh and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface MeshOptions extends StackOptions {
  models?: (upstreamUrl: string) => string;
}

const MODELS_FILE = (url: string) => `
default: mock/model
providers:
  mock:
    kind: openai
    baseUrl: ${url}
    apiKeyEnv: MOCK_API_KEY
    models:
      - name: model
`;

/** `models` writes the models file for the upstream's URL; by default one model, `mock/model`. */
export async function startMesh({ models = MODELS_FILE, ...options }: MeshOptions = {}): Promise<Mesh> {
  const dataDir = await mkdtemp(join(tmpdir(), "orchestra-mesh-"));
  const upstream = await startUpstream();
  const modelsPath = join(dataDir, "models.yaml");
  await writeFile(modelsPath, models(upstream.url));
  const resolved: StackOptions = {
    ...options,
    dataDir,
    port: 0,
    env: { ORCHESTRA_CONFIG: modelsPath, MOCK_API_KEY: "test", ...options.env },
  };
  const mesh = {
    stack: await startStack(resolved),
    upstream,
    modelsPath,
    restart: async () => {
      await mesh.stack.stop();
      mesh.stack = await startStack(resolved);
    },
    stop: async () => {
      await mesh.stack.stop();
      await upstream.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return mesh;
}

/** A words-and-numbers answer of `count` pieces, and what it adds up to. */
export function script(count: number, label = "w"): { tokens: string[]; text: string } {
  const tokens = Array.from({ length: count }, (_, index) => `${label}${index} `);
  return { tokens, text: tokens.join("") };
}

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Writes a models file with an in-process generator and, where a URL is given, an HTTP upstream; returns its folder. */
export async function writeBenchModels(
  tokens: number,
  upstreamUrl?: string,
): Promise<{ dataDir: string; path: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), "orchestra-bench-"));
  const path = join(dataDir, "models.yaml");
  const lines = [
    "default: bench/generator",
    "providers:",
    "  bench:",
    "    kind: generator",
    `    tokens: ${tokens}`,
    "    tokenDelayMs: 0",
    ...(upstreamUrl === undefined
      ? []
      : ["  http:", "    kind: openai", `    baseUrl: ${upstreamUrl}`, "    models:", "      - name: model"]),
  ];
  await writeFile(path, `${lines.join("\n")}\n`);
  return { dataDir, path };
}

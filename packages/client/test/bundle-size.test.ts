import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const MAX_GZIPPED_BYTES = 12_000;

interface Bundler {
  build(options: {
    input: string;
    write: false;
    platform: "browser";
    treeshake: boolean;
    output: { format: "esm"; minify: boolean };
  }): Promise<{ output: { type: string; code?: string; imports?: string[]; dynamicImports?: string[] }[] }>;
}

/** The bundler that vitest brings with vite. */
async function loadBundler(): Promise<Bundler> {
  const vitest = createRequire(import.meta.url).resolve("vitest/package.json");
  const vite = createRequire(vitest).resolve("vite");
  return (await import(pathToFileURL(createRequire(vite).resolve("rolldown")).href)) as Bundler;
}

it("is small, and imports nothing at run time", async () => {
  const bundler = await loadBundler();
  const { output } = await bundler.build({
    input: fileURLToPath(new URL("../src/index.ts", import.meta.url)),
    write: false,
    platform: "browser",
    treeshake: true,
    output: { format: "esm", minify: true },
  });
  const chunks = output.filter(({ type }) => type === "chunk");
  const code = chunks.map((chunk) => chunk.code ?? "").join("\n");
  const gzippedBytes = gzipSync(code).length;
  console.log(`@ai-orchestra/client: ${code.length} bytes minified, ${gzippedBytes} gzipped`);
  expect(chunks.flatMap((chunk) => [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])])).toEqual([]);
  expect(gzippedBytes).toBeLessThan(MAX_GZIPPED_BYTES);
  expect(gzippedBytes).toBeGreaterThan(1_000);
});

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../../scripts/config-docs.mjs", import.meta.url));
const EMPTY_README = "# Memory\n\n<!-- env:start -->\n<!-- env:end -->\n\nThe end.\n";

describe("the table of environment variables", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "config-docs-"));
    await mkdir(join(root, "services", "planned"), { recursive: true });
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  const addService = async (readme: string, schema: string): Promise<void> => {
    const folder = join(root, "services", "memory");
    await mkdir(join(folder, "src"), { recursive: true });
    await mkdir(join(folder, "dist"), { recursive: true });
    await writeFile(join(folder, "src", "config.ts"), "");
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const zod = JSON.stringify(import.meta.resolve("zod"));
    await writeFile(
      join(folder, "dist", "config.js"),
      `import { z } from ${zod};\nexport const envSchema = ${schema};\n`,
    );
    await writeFile(join(folder, "README.md"), readme);
  };

  const run = (...args: string[]): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [SCRIPT, "--root", root, ...args], (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
      });
    });

  it("is written between the markers, is then up to date, and leaves services without a configuration alone", async () => {
    await addService(
      EMPTY_README,
      'z.object({ CACHE: z.enum(["on", "off"]).default("on").describe("Whether a|b are kept.") })',
    );
    expect(await run("--check")).toMatchObject({ code: 1, output: expect.stringContaining("is out of date") });
    expect(await run()).toMatchObject({ code: 0 });
    expect(await run("--check")).toMatchObject({ code: 0 });
    const readme = await readFile(join(root, "services", "memory", "README.md"), "utf8");
    expect(readme).toContain("| `CACHE` | `on` | Whether a\\|b are kept. One of `on`, `off`. |");
    expect(readme).toContain("| `OPS_PORT` | `9102` |");
    expect(readme.startsWith("# Memory\n\n<!-- env:start -->\n| variable |")).toBe(true);
    expect(readme.endsWith("<!-- env:end -->\n\nThe end.\n")).toBe(true);
  });

  it.each([
    [
      "a README without markers",
      "# Memory\n",
      'z.object({ A: z.string().describe("A.") })',
      "has no <!-- env:start -->",
    ],
    ["a variable without a description", EMPTY_README, "z.object({ A: z.string() })", "add .describe() to A"],
    ["a service that exports no schema", EMPTY_README, "undefined", "does not export `envSchema`"],
  ])("refuses %s", async (_what, readme, schema, message) => {
    await addService(readme, schema);
    expect(await run()).toMatchObject({ code: 1, output: expect.stringContaining(message) });
  });
});

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SERVICE = fileURLToPath(new URL("fixtures/service.mjs", import.meta.url));

/** A `services` folder in which each of `names` is built; answers its path. */
export async function writeServices(dir: string, names: readonly string[]): Promise<string> {
  const servicesDir = join(dir, "services");
  for (const name of names) {
    const dist = join(servicesDir, name, "dist");
    await mkdir(dist, { recursive: true });
    await copyFile(SERVICE, join(dist, "main.js"));
  }
  return servicesDir;
}

import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { StackError } from "./stack-error.js";

/** A folder of `services/` that has been built. */
export interface DiscoveredService {
  name: string;
  /** The file node runs. */
  entry: string;
}

/** Every built service, by name. Rejects with `not_built` when there is none. */
export async function discoverServices(servicesDir: string): Promise<DiscoveredService[]> {
  const folders = await readdir(servicesDir, { withFileTypes: true });
  const found: DiscoveredService[] = [];
  for (const folder of folders) {
    const entry = join(servicesDir, folder.name, "dist", "main.js");
    if (folder.isDirectory() && (await exists(entry))) found.push({ name: folder.name, entry });
  }
  if (found.length === 0) throw new StackError("not_built", `nothing is built in ${servicesDir}; run npm run build`);
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

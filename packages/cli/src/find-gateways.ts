import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Nothing runs here, in words for the person at the terminal. */
export class NoStackError extends Error {
  override readonly name = "NoStackError";

  constructor(cause?: unknown) {
    super("no running stack was found: start one with npm start, or name a gateway with --url <url>", { cause });
  }
}

/** The gateways in `.orchestra/stack.json` of the nearest folder upwards that has one. Rejects with `NoStackError`. */
export async function findGateways(folder: string): Promise<string[]> {
  try {
    const text = await readFile(join(folder, ".orchestra", "stack.json"), "utf8");
    return readGateways(text);
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw new NoStackError(error);
    return findGateways(parent);
  }
}

function readGateways(text: string): string[] {
  const { url, services = [] } = JSON.parse(text) as { url: string; services?: { url?: string }[] };
  const others = services.flatMap((service) => (service.url === undefined ? [] : [service.url]));
  return [...new Set([url, ...others])];
}

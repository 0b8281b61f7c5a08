import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where Compose looks for it: beside docker-compose.yml. */
export const ENV_FILE = fileURLToPath(new URL("../../.env", import.meta.url));

/** The variables of a file of `NAME=value` lines; none when it is not there. */
export function readEnvFile(path) {
  if (!existsSync(path)) return new Map();
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  return new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value.trim()]];
    }),
  );
}

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { LOCAL_BIN_DIR } from "./workspace-root.js";

/** Folders that hold servers but are often missing from an unprivileged PATH. */
const SYSTEM_BIN_DIRS = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin"];

/** The path of an executable: on the PATH first, then where systems keep servers, then what was fetched into `.orchestra/bin`. */
export async function findBinary(
  name: string,
  pathVariable = process.env.PATH ?? "",
  otherDirs: readonly string[] = [...SYSTEM_BIN_DIRS, LOCAL_BIN_DIR],
): Promise<string | undefined> {
  for (const dir of [...pathVariable.split(delimiter), ...otherDirs]) {
    if (dir === "") continue;
    const path = join(dir, name);
    if (await isExecutableFile(path)) return path;
  }
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

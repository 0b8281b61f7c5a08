import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the workspace this package belongs to; the same from `src` and from `dist`. */
export const WORKSPACE_ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** Where fetched server binaries live, shared by every data directory of this workspace. */
export const LOCAL_BIN_DIR = join(WORKSPACE_ROOT, ".orchestra", "bin");

/** The script that ends what is left when the process that started it is gone. */
export const WATCHDOG_SCRIPT = join(WORKSPACE_ROOT, "packages", "stack", "watchdog.mjs");

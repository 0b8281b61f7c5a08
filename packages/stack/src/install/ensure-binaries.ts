import { dirname } from "node:path";
import { findBinary } from "../find-binary.js";
import { StackError } from "../stack-error.js";
import type { ServerName } from "../server-program.js";
import { LOCAL_BIN_DIR } from "../workspace-root.js";
import { createDockerStarters } from "./docker-starters.js";
import { createDebianFetch } from "./fetch-debian-packages.js";
import type { InstallAttempt } from "./install-attempt.js";
import { listPackageManagers } from "./system-package-managers.js";

export interface EnsureBinariesOptions {
  /** Told in one line what is being done, and why an attempt did not work. */
  onProgress?: (line: string) => void;
  /** Tried in order until every server can be found. Default: `.orchestra/`, the package manager, Docker. */
  attempts?: readonly InstallAttempt[];
  /** Whether a server can be found and answers; for tests. */
  isUsable?: (name: ServerName) => Promise<boolean>;
}

/**
 * Makes sure that each server can be started on this machine: found on the PATH, or fetched in the way that changes the
 * system least. Rejects with `binary_missing` and what to install when nothing worked.
 */
export async function ensureBinaries(names: readonly ServerName[], o: EnsureBinariesOptions = {}): Promise<void> {
  const report = o.onProgress ?? (() => {});
  const isUsable = o.isUsable ?? (async (name: ServerName) => (await findBinary(name)) !== undefined);
  const listMissing = async (): Promise<ServerName[]> => {
    const usable = await Promise.all(names.map(isUsable));
    return names.filter((_, index) => usable[index] !== true);
  };

  let missing = await listMissing();
  for (const attempt of missing.length === 0 ? [] : (o.attempts ?? listAttempts(dirname(LOCAL_BIN_DIR)))) {
    report(`${missing.join(" and ")} not found: ${attempt.description}`);
    const failure = await attempt.run(missing);
    if (failure !== undefined) report(`  ${failure}`);
    missing = await listMissing();
    if (missing.length === 0) return;
  }
  if (missing.length === 0) return;
  throw new StackError(
    "binary_missing",
    `${missing.join(" and ")} not found; install ${missing.length === 1 ? "it" : "them"} and put ${missing.length === 1 ? "it" : "them"} on the PATH, or point NATS_URL and REDIS_URL at running servers`,
  );
}

function listAttempts(dir: string): InstallAttempt[] {
  return [createDebianFetch(dir), ...listPackageManagers(), createDockerStarters(dir)];
}

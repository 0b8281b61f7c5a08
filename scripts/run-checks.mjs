import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./bootstrap.mjs";
import { runCommand } from "./run-command.mjs";

/** The static checks: a script of package.json each, and the file without which it cannot run. */
const CHECKS = [
  { script: "format:check", needs: "node_modules/.bin/oxfmt" },
  { script: "lint", needs: "node_modules/.bin/oxlint" },
  { script: "typecheck", needs: "node_modules/.bin/tsc" },
  { script: "unused", needs: "node_modules/.bin/knip" },
  { script: "docs:check", needs: "scripts/config-docs.mjs" },
];

/**
 * Runs every static check, also after one that failed.
 * @returns {Promise<string[]>} the names of those that failed
 */
export async function runChecks() {
  const failed = [];
  for (const { script, needs } of CHECKS) {
    if (!existsSync(join(ROOT, needs))) {
      console.log(`\n── ${script}: skipped, there is no ${needs}`);
      continue;
    }
    console.log(`\n── ${script}`);
    if ((await runCommand("npm", ["run", "--silent", script], { cwd: ROOT })) !== 0) failed.push(script);
  }
  return failed;
}

// pnpm verify: the one gate. Build, checks and tests in turn, a line each; stops at the first failure and shows what it said.
import { BootstrapError, bootstrap } from "./bootstrap.mjs";
import { printStep, runChecks } from "./run-checks.mjs";
import { runTests } from "./run-tests.mjs";

process.exitCode = await main();

async function main() {
  if (!(await builds())) return 1;
  if ((await runChecks({ stopAtFirst: true })).length > 0) return 1;
  const startedMs = performance.now();
  const { passed, failed } = await runTests([]);
  printStep("tests", failed === 0, startedMs, `${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Installs and builds what has changed; a project that does not build ends everything here. */
async function builds() {
  const startedMs = performance.now();
  try {
    await bootstrap();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    printStep("build", false, startedMs, error.message);
    return false;
  }
  printStep("build", true, startedMs, "");
  return true;
}

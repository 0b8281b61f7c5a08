import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ROOT } from "./bootstrap.mjs";
import { runCommand } from "./run-command.mjs";

const RESULTS_FILE = join(ROOT, ".orchestra", "test-results.json");
/** All but the long tests, which have a command of their own: `pnpm test:long`. */
const DEFAULT_SELECTION = ["--project=unit", "--project=e2e"];
const LOCAL_BIN_DIR = join(ROOT, ".orchestra", "bin");

/**
 * Runs the tests that `args` select (vitest's own arguments; none: all but the long ones).
 * @param {readonly string[]} args
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runTests(args) {
  mkdirSync(join(ROOT, ".orchestra"), { recursive: true });
  rmSync(RESULTS_FILE, { force: true });
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${RESULTS_FILE}`];
  const selection = args.length === 0 ? DEFAULT_SELECTION : args;
  const code = await runCommand(process.execPath, [vitest, "run", ...reporters, ...selection], {
    cwd: ROOT,
    env: { PATH: `${process.env.PATH ?? ""}${delimiter}${LOCAL_BIN_DIR}` },
  });
  const { passed, failed } = countResults();
  // Errors outside any test, and a run that broke off, make vitest fail without a failed test.
  return { passed, failed: code === 0 ? failed : Math.max(1, failed) };
}

/** Counts tests; a file that could not even be loaded counts as one that failed. */
function countResults() {
  let results;
  try {
    results = JSON.parse(readFileSync(RESULTS_FILE, "utf8"));
  } catch {
    return { passed: 0, failed: 1 };
  }
  const broken = results.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return { passed: results.numPassedTests, failed: results.numFailedTests + broken.length };
}

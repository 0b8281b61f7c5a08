// pnpm verify: the one gate. Build, checks and tests in turn, a line each; stops at the first failure and shows what it said.
import { spawn } from "node:child_process";
import { BootstrapError, bootstrap, ROOT } from "./bootstrap.mjs";
import { runTests } from "./run-tests.mjs";

/** The cheap ones first. Lint and docs read what the build, which comes before all of them, has made. */
const CHECKS = [
  { name: "format", script: "format:check", cure: "pnpm format" },
  { name: "types", script: "typecheck" },
  { name: "lint", script: "lint" },
  { name: "unused code", script: "unused" },
  { name: "docs", script: "docs:check", cure: "pnpm docs:config" },
];

process.exitCode = await main();

async function main() {
  if (!(await builds())) return 1;
  for (const check of CHECKS) {
    if (!(await passes(check))) return 1;
  }
  const startedMs = performance.now();
  const { passed, failed } = await runTests([]);
  printLine("tests", failed === 0, startedMs, `${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** Installs and builds what has changed; a project that does not build ends everything here. */
async function builds() {
  const startedMs = performance.now();
  try {
    await bootstrap();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    printLine("build", false, startedMs, error.message);
    return false;
  }
  printLine("build", true, startedMs, "");
  return true;
}

async function passes({ name, script, cure }) {
  const startedMs = performance.now();
  const { code, output } = await runQuietly("npm", ["run", "--silent", script]);
  if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
  printLine(name, code === 0, startedMs, code !== 0 && cure !== undefined ? `cure: ${cure}` : "");
  return code === 0;
}

function printLine(name, isPassed, startedMs, detail) {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${isPassed ? "✓" : "✗"} ${name.padEnd(12)} ${seconds.padStart(6)} s  ${detail}`.trimEnd());
}

/** Runs a program and keeps what it prints; 127 when it does not exist. */
function runQuietly(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => (output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk) => (output += chunk));
    child.once("error", (error) => resolve({ code: 127, output: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

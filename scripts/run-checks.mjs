import { spawn } from "node:child_process";
import { ROOT } from "./bootstrap.mjs";

/** The static checks, the cheap ones first: a script of package.json each, and what cures a failure where a command does. */
const CHECKS = [
  { name: "format", script: "format:check", cure: "pnpm format" },
  { name: "types", script: "typecheck" },
  { name: "lint", script: "lint" },
  { name: "unused code", script: "unused" },
  { name: "docs", script: "docs:check", cure: "pnpm docs:config" },
];

/**
 * Runs the static checks, a line each, and shows what a failed one said.
 * @param {{ stopAtFirst?: boolean }} [options]
 * @returns {Promise<string[]>} the names of those that failed
 */
export async function runChecks({ stopAtFirst = false } = {}) {
  const failed = [];
  for (const check of CHECKS) {
    if (!(await passes(check))) failed.push(check.name);
    if (stopAtFirst && failed.length > 0) break;
  }
  return failed;
}

/** Prints how one step of the gate went and how long it took since `startedMs`. */
export function printStep(name, isPassed, startedMs, detail) {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${isPassed ? "✓" : "✗"} ${name.padEnd(12)} ${seconds.padStart(6)} s  ${detail}`.trimEnd());
}

async function passes({ name, script, cure }) {
  const startedMs = performance.now();
  const { code, output } = await runQuietly("npm", ["run", "--silent", script]);
  if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
  printStep(name, code === 0, startedMs, code !== 0 && cure !== undefined ? `cure: ${cure}` : "");
  return code === 0;
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

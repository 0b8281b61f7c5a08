import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run-command.mjs";
import { fingerprintDependencies, fingerprintSources, listProjects, openStamp } from "./source-stamp.mjs";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const STATE_DIR = join(ROOT, "node_modules", ".orchestra");
const LOCK_FILE = join(ROOT, ".orchestra", "bootstrap.lock");
const LOCK_POLL_MS = 200;

/** Something a person has to cure; its message is one line. */
export class BootstrapError extends Error {}

/**
 * Makes a fresh clone runnable with nothing but Node: installs the workspace and builds it, each only when what it
 * depends on has changed. Says what it does as soon as it takes longer than a moment.
 */
export async function bootstrap() {
  checkNodeVersion();
  if (isInstalled() && isBuilt()) return;
  const release = await acquireLock();
  try {
    if (!isInstalled()) await install();
    if (!isBuilt()) await build();
  } finally {
    release();
  }
}

function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new BootstrapError(`Node ${process.versions.node} is too old; install Node 20.19 or newer`);
}

function isInstalled() {
  return openStamp(join(STATE_DIR, "installed")).matches(fingerprintDependencies(ROOT));
}

async function install() {
  console.log("Installing the packages of the workspace (the first time takes a minute) …");
  const fingerprint = fingerprintDependencies(ROOT);
  const code = await runPnpm(["install", "--frozen-lockfile", "--config.confirmModulesPurge=false"]);
  if (code !== 0) throw new BootstrapError("the packages could not be installed; the lines above say why");
  openStamp(join(STATE_DIR, "installed")).write(fingerprint);
}

function isBuilt() {
  const outputs = listProjects(ROOT)
    .filter((project) => readManifest(project).scripts?.build !== undefined)
    .map((project) => join(project, "dist"));
  return (
    outputs.every((dist) => existsSync(dist)) && openStamp(join(STATE_DIR, "built")).matches(fingerprintSources(ROOT))
  );
}

async function build() {
  console.log("Building …");
  const fingerprint = fingerprintSources(ROOT);
  const code = await runPnpm(["exec", "turbo", "run", "build", "--output-logs=errors-only", "--no-update-notifier"]);
  if (code !== 0) throw new BootstrapError("the build failed; the lines above say where");
  openStamp(join(STATE_DIR, "built")).write(fingerprint);
}

function readManifest(project) {
  return JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
}

/** Runs the version of pnpm that package.json names, which npx fetches; nothing has to be installed globally. */
async function runPnpm(args) {
  const { packageManager } = readManifest(ROOT);
  const env = { TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  const code = await runCommand("npx", ["--yes", packageManager, ...args], { cwd: ROOT, env });
  if (code === 127) throw new BootstrapError("npx was not found; it comes with Node, so install Node from nodejs.org");
  return code;
}

/** One installation at a time: a second command started meanwhile waits for the first. */
async function acquireLock() {
  mkdirSync(dirname(LOCK_FILE), { recursive: true });
  for (let announced = false; ; announced = true) {
    try {
      writeFileSync(LOCK_FILE, String(process.pid), { flag: "wx" });
      return () => rmSync(LOCK_FILE, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = Number(existsSync(LOCK_FILE) ? readFileSync(LOCK_FILE, "utf8") : "0");
    if (owner > 0 && !isAlive(owner)) rmSync(LOCK_FILE, { force: true });
    else if (owner > 0 && !announced) console.log(`Waiting for another installation (pid ${owner}) …`);
    await wait(LOCK_POLL_MS);
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

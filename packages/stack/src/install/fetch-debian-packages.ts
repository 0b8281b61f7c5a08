import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { findBinary } from "../find-binary.js";
import type { ServerName } from "../server-program.js";
import type { InstallAttempt } from "./install-attempt.js";
import { runCommand } from "./run-command.js";

const QUERY_TIMEOUT_MS = 30_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;
/** Where Debian's packages put executables. */
const EXECUTABLE_DIRS = ["usr/bin", "usr/sbin"];
const LIBRARY_DIRS = ["usr/lib", "lib"];
/** The packages of a server; Debian's `redis-server` is a link to a program in `redis-tools`. */
const PACKAGES: Readonly<Record<ServerName, readonly string[]>> = {
  "nats-server": ["nats-server"],
  "redis-server": ["redis-server", "redis-tools"],
};
/** A C library other than the one the system's loader came with does not work. */
const NEVER_FETCHED = new Set(["libc6", "libc-bin"]);

/**
 * Debian and Ubuntu: downloads the packages of the servers and the libraries this machine lacks, and unpacks them into
 * `<dir>/packages`, with starters in `<dir>/bin`. Needs no root and changes nothing outside `dir`.
 */
export function createDebianFetch(dir: string): InstallAttempt {
  return {
    description: "fetching them into .orchestra/ with apt-get, leaving the system alone",
    async run(names) {
      for (const tool of ["apt-get", "dpkg-deb"]) {
        if ((await findBinary(tool)) === undefined) return `there is no ${tool}`;
      }
      await mkdir(dir, { recursive: true });
      const work = await mkdtemp(join(dir, "fetch-"));
      try {
        return await fetchInto(dir, work, names);
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    },
  };
}

async function fetchInto(dir: string, work: string, names: readonly ServerName[]): Promise<string | undefined> {
  const apt = await openApt(work, names);
  if (typeof apt === "string") return apt;

  const download = await runCommand("apt-get", [...apt.options, "download", ...apt.packages], {
    cwd: work,
    timeoutMs: DOWNLOAD_TIMEOUT_MS,
  });
  if (download.code !== 0) return `apt-get download failed: ${download.lastError}`;

  const unpacked = join(work, "packages");
  for (const file of await readdir(work)) {
    if (!file.endsWith(".deb")) continue;
    const unpack = await runCommand("dpkg-deb", ["-x", join(work, file), unpacked], { timeoutMs: QUERY_TIMEOUT_MS });
    if (unpack.code !== 0) return `dpkg-deb could not unpack ${file}: ${unpack.lastError}`;
  }
  const home = join(dir, "packages", names.join("+"));
  await rm(home, { recursive: true, force: true });
  await mkdir(join(dir, "packages"), { recursive: true });
  await rename(unpacked, home);
  for (const name of names) {
    const starter = await writeStarter(dir, home, name);
    const trial = await runCommand(starter, ["--version"], { timeoutMs: QUERY_TIMEOUT_MS });
    if (trial.code === 0) continue;
    await rm(starter, { force: true });
    return `the fetched ${name} does not run: ${trial.lastError}`;
  }
  return undefined;
}

interface Apt {
  options: string[];
  /** The packages to download: the servers, and what they need that is not installed. */
  packages: string[];
}

/** Asks the system's package lists; when they are empty or too old, fetches lists of our own. */
async function openApt(work: string, names: readonly ServerName[]): Promise<Apt | string> {
  const system = await listPackages([], names);
  if (system !== undefined) return { options: [], packages: system };

  const lists = join(work, "lists");
  const cache = join(work, "cache");
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(join(cache, "archives", "partial"), { recursive: true });
  const options = ["-o", `Dir::State::lists=${lists}`, "-o", `Dir::Cache=${cache}`, "-o", "APT::Sandbox::User=root"];
  const update = await runCommand("apt-get", [...options, "update"], { timeoutMs: DOWNLOAD_TIMEOUT_MS });
  if (update.code !== 0) return `apt-get update failed: ${update.lastError}`;
  const packages = await listPackages(options, names);
  return packages === undefined ? `apt knows no packages ${names.join(" and ")}` : { options, packages };
}

async function listPackages(options: readonly string[], names: readonly ServerName[]): Promise<string[] | undefined> {
  const query = [
    ...options,
    "--simulate",
    "--no-install-recommends",
    "--reinstall",
    "install",
    ...names.flatMap((name) => PACKAGES[name]),
  ];
  const simulation = await runCommand("apt-get", query, { timeoutMs: QUERY_TIMEOUT_MS, env: { LC_ALL: "C" } });
  return simulation.code === 0 ? parsePackagesToInstall(simulation.stdout) : undefined;
}

/** The names in the `Inst` lines of `apt-get --simulate install`. */
export function parsePackagesToInstall(simulation: string): string[] {
  return [...simulation.matchAll(/^Inst (\S+)/gm)]
    .flatMap((match) => match[1] ?? [])
    .filter((name) => !NEVER_FETCHED.has(name));
}

/** Writes `<dir>/bin/<name>`, which starts the unpacked program with its libraries; answers its path. */
async function writeStarter(dir: string, home: string, name: ServerName): Promise<string> {
  const binDir = join(dir, "bin");
  const starter = join(binDir, name);
  const executable = await findBinary(
    name,
    "",
    EXECUTABLE_DIRS.map((folder) => join(home, folder)),
  );
  if (executable === undefined) return starter;
  await mkdir(binDir, { recursive: true });
  const libraryDirs = await findLibraryDirs(home);
  await writeFile(
    starter,
    describeStarter(
      relative(binDir, executable),
      libraryDirs.map((path) => relative(binDir, path)),
    ),
  );
  await chmod(starter, 0o755);
  return starter;
}

/** Folders such as `usr/lib/x86_64-linux-gnu`. */
async function findLibraryDirs(home: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of LIBRARY_DIRS) {
    const entries = await readdir(join(home, folder), { withFileTypes: true }).catch(() => []);
    found.push(
      ...entries
        .filter((entry) => entry.isDirectory() && entry.name.includes("-linux-"))
        .map((entry) => join(home, folder, entry.name)),
    );
  }
  return found;
}

/** Paths are relative to the starter, so that the folder can be moved. `exec` makes the process id the server's own. */
function describeStarter(executable: string, libraryDirs: readonly string[]): string {
  const libraryPath = libraryDirs.map((dir) => `$here/${dir}`).join(":");
  return [
    "#!/bin/sh",
    'here="$(cd "$(dirname "$0")" && pwd)"',
    `LD_LIBRARY_PATH="${libraryPath}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$here/${executable}" "$@"`,
    "",
  ].join("\n");
}

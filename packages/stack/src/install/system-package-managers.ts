import { findBinary } from "../find-binary.js";
import type { ServerName } from "../server-program.js";
import type { InstallAttempt } from "./install-attempt.js";
import { runCommand } from "./run-command.js";

const INSTALL_TIMEOUT_MS = 300_000;
const SUDO_CHECK_TIMEOUT_MS = 5_000;

interface PackageManager {
  program: string;
  /** Homebrew refuses to run as root; the others need it. */
  needsRoot: boolean;
  /** Command lines that install packages, run in order. */
  commands: (packages: readonly string[]) => string[][];
  packages: Readonly<Record<ServerName, string>>;
}

const MANAGERS: readonly PackageManager[] = [
  {
    program: "apt-get",
    needsRoot: true,
    commands: (packages) => [
      ["apt-get", "update"],
      ["apt-get", "install", "--yes", "--no-install-recommends", ...packages],
    ],
    packages: { "nats-server": "nats-server", "redis-server": "redis-server" },
  },
  {
    program: "brew",
    needsRoot: false,
    commands: (packages) => [["brew", "install", ...packages]],
    packages: { "nats-server": "nats-server", "redis-server": "redis" },
  },
  {
    program: "apk",
    needsRoot: true,
    commands: (packages) => [["apk", "add", "--no-cache", ...packages]],
    packages: { "nats-server": "nats-server", "redis-server": "redis" },
  },
  {
    program: "pacman",
    needsRoot: true,
    commands: (packages) => [["pacman", "-Sy", "--noconfirm", "--needed", ...packages]],
    packages: { "nats-server": "nats-server", "redis-server": "redis" },
  },
];

/** The package managers a system may have, each used only when it needs no password. */
export function listPackageManagers(): InstallAttempt[] {
  return MANAGERS.map((manager) => ({
    description: `installing them with ${manager.program}`,
    run: (names) => installWith(manager, names),
  }));
}

async function installWith(manager: PackageManager, names: readonly ServerName[]): Promise<string | undefined> {
  if ((await findBinary(manager.program)) === undefined) return `there is no ${manager.program}`;
  const prefix = await choosePrefix(manager);
  if (prefix === undefined)
    return `${manager.program} would need ${manager.needsRoot ? "root" : "a user other than root"}`;
  for (const command of manager.commands(names.map((name) => manager.packages[name]))) {
    const [program = "", ...args] = [...prefix, ...command];
    const result = await runCommand(program, args, {
      timeoutMs: INSTALL_TIMEOUT_MS,
      env: { DEBIAN_FRONTEND: "noninteractive" },
    });
    if (result.code !== 0) return `${command.slice(0, 2).join(" ")} failed: ${result.lastError}`;
  }
  return undefined;
}

/** What goes before the command: nothing, `sudo` where it asks no password, undefined where it is not allowed. */
async function choosePrefix(manager: PackageManager): Promise<string[] | undefined> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) return manager.needsRoot ? [] : undefined;
  if (!manager.needsRoot) return [];
  const sudo = await runCommand("sudo", ["-n", "true"], { timeoutMs: SUDO_CHECK_TIMEOUT_MS });
  return sudo.code === 0 ? ["sudo", "-n"] : undefined;
}

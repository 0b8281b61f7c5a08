import { expect, test } from "vitest";
import type { ServerName } from "../server-program.js";
import { ensureBinaries } from "./ensure-binaries.js";
import { parsePackagesToInstall } from "./fetch-debian-packages.js";
import type { InstallAttempt } from "./install-attempt.js";

const NAMES: ServerName[] = ["nats-server", "redis-server"];

/** A machine on which nothing is installed, and ways to install that each bring what they say. */
function createMachine(...attempts: { brings: ServerName[]; failure?: string }[]): {
  attempts: InstallAttempt[];
  asked: ServerName[][];
  isUsable: (name: ServerName) => Promise<boolean>;
} {
  const installed = new Set<ServerName>();
  const asked: ServerName[][] = [];
  return {
    asked,
    isUsable: (name) => Promise.resolve(installed.has(name)),
    attempts: attempts.map(({ brings, failure }, index) => ({
      description: `way ${index + 1}`,
      run(names) {
        asked.push([...names]);
        for (const name of brings) installed.add(name);
        return Promise.resolve(failure);
      },
    })),
  };
}

test("asks the next way only for what the one before did not bring", async () => {
  const machine = createMachine({ brings: ["nats-server"] }, { brings: ["redis-server"] }, { brings: [] });
  await ensureBinaries(NAMES, machine);
  expect(machine.asked).toEqual([NAMES, ["redis-server"]]);
});

test("says what it does and why that did not work", async () => {
  const lines: string[] = [];
  const machine = createMachine({ brings: [], failure: "no network" }, { brings: NAMES });
  await ensureBinaries(NAMES, { ...machine, onProgress: (line) => lines.push(line) });
  expect(lines).toEqual([
    "nats-server and redis-server not found: way 1",
    "  no network",
    "nats-server and redis-server not found: way 2",
  ]);
});

test("says in one line what to install when nothing worked", async () => {
  const machine = createMachine({ brings: ["redis-server"] });
  await expect(ensureBinaries(NAMES, machine)).rejects.toMatchObject({
    code: "binary_missing",
    message:
      "nats-server not found; install it and put it on the PATH, or point NATS_URL and REDIS_URL at running servers",
  });
});

test("reads from apt's simulation what would be installed, but never the C library", () => {
  const simulation = [
    "Reading package lists...",
    "Inst libc6 [2.36-8] (2.36-9 Debian:12 [amd64])",
    "Inst liblzf1 (3.6-3 Debian:12 [amd64])",
    "Inst redis-server [5:7.0.15-1] (5:7.0.15-2 Debian:12 [amd64])",
    "Conf liblzf1 (3.6-3 Debian:12 [amd64])",
  ].join("\n");
  expect(parsePackagesToInstall(simulation)).toEqual(["liblzf1", "redis-server"]);
});

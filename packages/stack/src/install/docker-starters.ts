import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerName } from "../server-program.js";
import type { InstallAttempt } from "./install-attempt.js";
import { runCommand } from "./run-command.js";

const ENGINE_CHECK_TIMEOUT_MS = 10_000;
const PULL_TIMEOUT_MS = 300_000;

const IMAGES: Readonly<Record<ServerName, string>> = {
  "nats-server": "nats:2.10-alpine",
  "redis-server": "redis:7",
};

/** The last resort: pulls the official images and writes starters to `<dir>/bin` that run them in place of a program. */
export function createDockerStarters(dir: string): InstallAttempt {
  return {
    description: "pulling their images with Docker",
    async run(names) {
      const engine = await runCommand("docker", ["info"], { timeoutMs: ENGINE_CHECK_TIMEOUT_MS });
      if (engine.code !== 0) return "no Docker engine answers";
      await mkdir(join(dir, "bin"), { recursive: true });
      for (const name of names) {
        const pull = await runCommand("docker", ["pull", "--quiet", IMAGES[name]], { timeoutMs: PULL_TIMEOUT_MS });
        if (pull.code !== 0) return `docker pull ${IMAGES[name]} failed: ${pull.lastError}`;
        const starter = join(dir, "bin", name);
        await writeFile(starter, describeStarter(name));
        await chmod(starter, 0o755);
      }
      return undefined;
    },
  };
}

/**
 * Shares the host's network, so that the server's loopback is ours, and the data directory, which is the working
 * directory, under the same path. A container whose client was killed is removed before its successor starts.
 */
function describeStarter(name: ServerName): string {
  return [
    "#!/bin/sh",
    `container="orchestra-${name}-$(printf %s "$PWD" | cksum | cut -d ' ' -f 1)"`,
    'docker rm --force "$container" >/dev/null 2>&1',
    'exec docker run --rm --init --name "$container" --network host --user "$(id -u):$(id -g)" \\',
    `  --volume "$PWD:$PWD" --workdir "$PWD" --entrypoint ${name} ${IMAGES[name]} "$@"`,
    "",
  ].join("\n");
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const START_TIMEOUT_MS = 20_000;
const POLL_PERIOD_MS = 50;

export interface Portkey {
  /** Up to and including the version. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the Portkey gateway on a free port, as its own package starts it in production. */
export async function startPortkey(): Promise<Portkey> {
  const port = await findFreePort();
  const main = fileURLToPath(import.meta.resolve("@portkey-ai/gateway/build/start-server.js"));
  const child = spawn(process.execPath, [main, `--port=${port}`, "--headless"], {
    env: { ...process.env, NODE_ENV: "production" },
    stdio: "ignore",
  });
  await untilAnswering(`http://127.0.0.1:${port}/`, child);
  return {
    url: `http://127.0.0.1:${port}/v1`,
    stop: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function untilAnswering(url: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    try {
      await fetch(url);
      return;
    } catch {
      await delay(POLL_PERIOD_MS);
    }
  }
  child.kill("SIGKILL");
  throw new Error("the Portkey gateway did not start");
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("there is no free port");
  return address.port;
}

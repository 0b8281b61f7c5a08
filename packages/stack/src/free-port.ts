import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { canConnect } from "./probe-tcp.js";

/** Below the range Linux hands to outgoing connections (32768 up), so that a port stays free while its server restarts. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 200;
const CONNECT_TIMEOUT_MS = 250;

/** A loopback port that nobody listens on right now. Nothing reserves it: whoever listens must cope with losing the race. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await canListen(port)) return port;
  }
  throw new Error(`no free loopback port between ${FIRST_PORT} and ${LAST_PORT}`);
}

/** True when nobody listens on `port`, neither on loopback nor on all addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port)) && !(await canConnect({ host: "127.0.0.1", port, timeoutMs: CONNECT_TIMEOUT_MS }));
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

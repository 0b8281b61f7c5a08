import type { LocalServer } from "./local-server.js";
import { canConnect } from "./probe-tcp.js";
import { StackError } from "./stack-error.js";

const CONNECT_TIMEOUT_MS = 3_000;

/**
 * A server that somebody else runs: the stack uses it and leaves it alone. Its `pid` is 0. `variable` is where the user
 * set `urls`, a list with commas; rejects with `server_unreachable` when nobody listens at any of them.
 */
export async function useExternalServer(variable: string, urls: string): Promise<LocalServer> {
  const reachable = await Promise.all(urls.split(",").map(async (url) => isListening(url.trim())));
  if (!reachable.includes(true)) {
    throw new StackError(
      "server_unreachable",
      `nobody listens at ${redact(urls)}; start a server there, or unset ${variable} to have one started`,
    );
  }
  return {
    url: urls,
    port: 0,
    pid: 0,
    logFile: "",
    kill: () => false,
    stop: () => Promise.resolve(),
    waitExit: () => Promise.resolve(),
    restart: () => Promise.reject(new StackError("stopped", `the server of ${variable} is not run by this stack`)),
  };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "redis:": 6379, "rediss:": 6379 };
const DEFAULT_NATS_PORT = 4222;

function isListening(url: string): Promise<boolean> {
  const { hostname, port, protocol } = parseUrl(url);
  return canConnect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (DEFAULT_PORTS[protocol] ?? DEFAULT_NATS_PORT) : Number(port),
    timeoutMs: CONNECT_TIMEOUT_MS,
  });
}

/** NATS also accepts `host:port` without a scheme. */
function parseUrl(url: string): URL {
  const text = url.includes("://") ? url : `nats://${url}`;
  if (URL.canParse(text)) return new URL(text);
  throw new StackError("server_unreachable", `${redact(url)} is not a URL; write for instance nats://127.0.0.1:4222`);
}

function redact(urls: string): string {
  return urls.replace(/\/\/[^@/,]*@/g, "//");
}

import type { LocalServer } from "./local-server.js";
import { StackError } from "./stack-error.js";

/** A server that somebody else runs: the stack uses it and leaves it alone. Its `pid` is 0. */
export function createExternalServer(url: string): LocalServer {
  return {
    url,
    port: Number(new URL(url.split(",")[0] ?? url).port),
    pid: 0,
    logFile: "",
    kill: () => false,
    stop: () => Promise.resolve(),
    waitExit: () => Promise.resolve(),
    restart: () => Promise.reject(new StackError("stopped", `${url} is not run by this stack`)),
  };
}

import { connect } from "node:net";

const PROBE_TIMEOUT_MS = 1_000;
const MAX_REPLY_BYTES = 64 * 1024;

/** Connects to a loopback port, sends `greeting` if there is one, and answers the first line that comes back. */
export function probeFirstLine(port: number, greeting = ""): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const timer = setTimeout(() => finish(undefined), PROBE_TIMEOUT_MS);
    let received = "";
    const finish = (line: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(line);
    };
    socket.setEncoding("utf8");
    socket.once("connect", () => {
      if (greeting !== "") socket.write(greeting);
    });
    socket.on("data", (chunk: string) => {
      received += chunk;
      const end = received.indexOf("\r\n");
      if (end >= 0) finish(received.slice(0, end));
      else if (received.length > MAX_REPLY_BYTES) finish(undefined);
    });
    socket.once("error", () => finish(undefined));
    socket.once("close", () => finish(undefined));
  });
}

/** True when somebody accepts a connection within `timeoutMs`. */
export function canConnect(o: { host: string; port: number; timeoutMs: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: o.host, port: o.port, timeout: o.timeoutMs });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("timeout", () => finish(false));
  });
}

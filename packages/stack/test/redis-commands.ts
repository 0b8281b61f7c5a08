import { connect } from "node:net";

/** Sends Redis commands over loopback and answers the lines that come back. */
export function runRedisCommands(port: number, commands: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let received = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      received += chunk;
    });
    socket.once("error", reject);
    socket.once("close", () => resolve(received.split("\r\n").slice(0, -2)));
    socket.end([...commands, "QUIT", ""].join("\r\n"));
  });
}

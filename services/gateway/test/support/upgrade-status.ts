import { WebSocket, type ClientOptions } from "ws";

/** The status that an upgrade is answered with: 101 when it is accepted, and then the connection is dropped at once. */
export function readUpgradeStatus(url: string, options: ClientOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace("http", "ws"), ["orchestra.v2"], options);
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("unexpected-response", (_request, response) => {
      socket.terminate();
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", reject);
  });
}

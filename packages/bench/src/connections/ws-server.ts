import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

/** The same with the package `ws`. */
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  path: "/ws",
  backlog: 1_024,
  perMessageDeflate: false,
});
server.on("connection", (socket) => socket.send('{"type":"hello"}'));
server.on("listening", () => console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`));

import { connect, type Socket } from "node:net";

/**
 * A process that opens WebSockets and holds them, greeted and idle. `URL`: the server; `CONNECTIONS`: how many;
 * `FIRST_ADDRESS`: number of the first loopback address it connects from, since one address has ports for 28 000 only.
 * Its first line is how many milliseconds all of them took.
 */
const CONNECTIONS_PER_ADDRESS = 4_000;
const IN_FLIGHT = 128;

const { hostname, port } = new URL(process.env["URL"] ?? "");
const count = Number(process.env["CONNECTIONS"]);
const firstAddress = Number(process.env["FIRST_ADDRESS"]);
const sockets: Socket[] = [];

const startedAt = performance.now();
await Promise.all(Array.from({ length: IN_FLIGHT }, (_, lane) => openLane(lane)));
console.log(`ready ${Math.round(performance.now() - startedAt)}`);

async function openLane(lane: number): Promise<void> {
  for (let index = lane; index < count; index += IN_FLIGHT) sockets.push(await open(index));
}

/** Resolves when the server's greeting is there. */
function open(index: number): Promise<Socket> {
  const localAddress = `127.0.0.${firstAddress + Math.floor(index / CONNECTIONS_PER_ADDRESS)}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), localAddress });
    let head = "";
    const onData = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (!head.includes('"hello"')) {
        if (!head.startsWith("HTTP/1.1 101".slice(0, head.length))) reject(new Error(head.split("\r\n")[0]));
        return;
      }
      socket.off("data", onData);
      // Pings of the server are read and left without answer: none is idle for long enough.
      socket.resume();
      resolve(socket);
    };
    socket.on("data", onData);
    socket.once("error", reject);
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Protocol: orchestra.v2\r\n\r\n",
    );
  });
}

import { connect } from "node:net";

const REPLY_TIMEOUT_MS = 5_000;

/** One request over a connection of its own, in NATS's text protocol; answers the reply as JSON. */
export function sendNatsRequest(port: number, subject: string, payload: unknown): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: REPLY_TIMEOUT_MS });
    const body = payload === undefined ? "" : JSON.stringify(payload);
    let received = "";
    socket.setEncoding("utf8");
    socket.write(`CONNECT {"verbose":false}\r\nSUB _INBOX.1 1\r\n`);
    socket.write(`PUB ${subject} _INBOX.1 ${Buffer.byteLength(body)}\r\n${body}\r\n`);
    socket.on("data", (chunk: string) => {
      received += chunk;
      const reply = /^MSG _INBOX\.1 1 .*\r\n(.*)\r\n/m.exec(received)?.[1];
      if (reply === undefined) return;
      socket.destroy();
      resolve(JSON.parse(reply) as Record<string, unknown>);
    });
    socket.once("error", reject);
    socket.once("timeout", () => socket.destroy(new Error(`no reply to ${subject}`)));
  });
}

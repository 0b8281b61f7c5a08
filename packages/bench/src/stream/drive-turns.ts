import { WebSocket } from "ws";

export interface DriveOptions {
  /** `http://host:port` of a server that speaks V2 frames on `/ws`. */
  url: string;
  connections: number;
  /** Turns over all connections; each connection runs its share one after the other. */
  turns: number;
  tokensPerTurn: number;
  model: string;
}

export interface DriveResult {
  tokensPerSecond: number;
  /** Median time from `turn.start` to the first delta, in milliseconds. */
  firstTokenMs: number;
  /** The same, 99th percentile. */
  firstTokenP99Ms: number;
}

/** Runs turns over WebSockets in a closed loop, one at a time a connection, and measures what arrives. */
export async function driveTurns({
  url,
  connections,
  turns,
  tokensPerTurn,
  model,
}: DriveOptions): Promise<DriveResult> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(url)));
  const firstTokenMs: number[] = [];
  const share = Math.ceil(turns / connections);
  const startedAt = performance.now();
  await Promise.all(
    sockets.map((socket, index) => runShare(socket, `${startedAt | 0}-${index}`, share, model, firstTokenMs)),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  for (const socket of sockets) socket.terminate();
  return summarize((share * connections * tokensPerTurn) / seconds, firstTokenMs);
}

/** The result of a drive from its rate and every time to first token. */
export function summarize(tokensPerSecond: number, firstTokenMs: number[]): DriveResult {
  firstTokenMs.sort((a, b) => a - b);
  return {
    tokensPerSecond,
    firstTokenMs: firstTokenMs[firstTokenMs.length >> 1] ?? Number.NaN,
    firstTokenP99Ms: firstTokenMs[Math.floor(firstTokenMs.length * 0.99)] ?? Number.NaN,
  };
}

function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws`, "orchestra.v2", { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

const DELTA = Buffer.from('{"type":"turn.delta"');
const COMPLETED = Buffer.from('{"type":"turn.completed"');
const FAILED = Buffer.from('{"type":"turn.failed"');

/** Frames are told apart by their first bytes: parsing them would measure this process. */
function runShare(socket: WebSocket, id: string, share: number, model: string, firstTokenMs: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let done = 0;
    let sentAt = 0;
    let waitsForFirst = false;
    const startNext = (): void => {
      waitsForFirst = true;
      sentAt = performance.now();
      socket.send(
        JSON.stringify({
          type: "turn.start",
          turnId: `b${id}-${done}`,
          input: { text: "go" },
          options: { model },
        }),
      );
    };
    socket.on("message", (data: Buffer) => {
      if (waitsForFirst && startsWith(data, DELTA)) {
        waitsForFirst = false;
        firstTokenMs.push(performance.now() - sentAt);
      } else if (startsWith(data, COMPLETED)) {
        done += 1;
        if (done === share) resolve();
        else startNext();
      } else if (startsWith(data, FAILED)) {
        reject(new Error(data.toString()));
      }
    });
    socket.once("close", () => reject(new Error("the server closed a connection")));
    startNext();
  });
}

function startsWith(data: Buffer, prefix: Buffer): boolean {
  return data.length >= prefix.length && data.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

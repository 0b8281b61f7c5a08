import type { ClientFrame, HelloFrame, ServerFrame } from "@ai-orchestra/contracts";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";

const WAIT_MS = 5_000;

export interface FakeGatewayOptions {
  heartbeatMs?: number;
  limits?: Partial<HelloFrame["limits"]>;
  /** Whether a connection is greeted and its pings answered. */
  silent?: boolean;
  /** Answers an upgrade with this status, and the headers, instead of accepting it. */
  refuseUpgrade?: (request: IncomingMessage) => { status: number; headers?: Record<string, string> } | undefined;
  onRequest?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A server that speaks protocol V2 exactly as a test tells it to, and nothing of its own accord but hello and pong. */
export class FakeGateway {
  readonly options: FakeGatewayOptions;
  readonly connections: FakeConnection[] = [];
  readonly #server: Server;
  readonly #arrivals = new Mailbox<FakeConnection>();

  private constructor(options: FakeGatewayOptions) {
    this.options = options;
    this.#server = createServer((request, response) => {
      if (options.onRequest === undefined) response.writeHead(404).end();
      else options.onRequest(request, response);
    });
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "orchestra.v2" });
    this.#server.on("upgrade", (request, socket, head) => {
      const refusal = this.options.refuseUpgrade?.(request);
      if (refusal !== undefined) {
        const headers = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
        socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nconnection: close\r\n${headers.join("")}\r\n`);
        return;
      }
      sockets.handleUpgrade(request, socket, head, (webSocket) => {
        const connection = new FakeConnection(`c${this.connections.length + 1}`, webSocket, request, this.options);
        this.connections.push(connection);
        this.#arrivals.put(connection);
      });
    });
  }

  static async start(options: FakeGatewayOptions = {}): Promise<FakeGateway> {
    const gateway = new FakeGateway(options);
    await new Promise<void>((resolve) => gateway.#server.listen(0, "127.0.0.1", resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next connection that was not yet asked for. */
  nextConnection(): Promise<FakeConnection> {
    return this.#arrivals.take("a connection");
  }

  async stop(): Promise<void> {
    for (const connection of this.connections) connection.kill();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

/** The server's side of one connection. */
export class FakeConnection {
  readonly id: string;
  readonly authorization: string | undefined;
  /** The subprotocol entries the client offered. */
  readonly protocols: string[];
  readonly received: ClientFrame[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #frames = new Mailbox<ClientFrame>();

  constructor(id: string, socket: WebSocket, request: IncomingMessage, options: FakeGatewayOptions) {
    this.id = id;
    this.#socket = socket;
    this.authorization = request.headers.authorization;
    this.protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((entry) => entry.trim());
    this.closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as ClientFrame;
      this.received.push(frame);
      if (frame.type === "ping" && options.silent !== true) return this.send({ type: "pong" });
      this.#frames.put(frame);
    });
    if (options.silent === true) return;
    const limits = { maxMessageBytes: 262_144, maxTurnsInFlight: 64, messagesPerMinute: 100, ...options.limits };
    const heartbeatMs = options.heartbeatMs ?? 25_000;
    this.send({ type: "hello", connectionId: id, protocol: "2", heartbeatMs, limits });
  }

  /** The next frame that was not yet asked for, which must be of this type. */
  async next<T extends ClientFrame["type"]>(type: T): Promise<Extract<ClientFrame, { type: T }>> {
    const frame = await this.#frames.take(type);
    if (frame.type !== type) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
    return frame as Extract<ClientFrame, { type: T }>;
  }

  send(...frames: ServerFrame[]): void {
    for (const frame of frames) this.#socket.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#socket.send(text);
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  /** Cuts the connection without a close frame. */
  kill(): void {
    this.#socket.terminate();
  }
}

/** Hands things over in order to whoever waits, with a deadline. */
class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #takers: ((item: T) => void)[] = [];

  put(item: T): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  take(what: string): Promise<T> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve, reject) => {
      const taker = (taken: T): void => {
        clearTimeout(timer);
        resolve(taken);
      };
      const timer = setTimeout(() => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        reject(new Error(`${what} did not come within ${WAIT_MS} ms`));
      }, WAIT_MS);
      this.#takers.push(taker);
    });
  }
}

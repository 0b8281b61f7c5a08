import { once } from "node:events";
import { WebSocket } from "ws";

/** A stream token, as V1 describes it. */
export interface V1Token {
  type: string;
  content: string;
  metadata: Record<string, unknown>;
  timestamp: string;
}

/** A V1 client written from the V1 section of the protocol alone: it knows no module of this system. */
export class V1Client {
  readonly frames: { type: string; data?: unknown; correlation_id?: unknown }[] = [];
  readonly upgradeHeaders: Record<string, unknown> = {};
  readonly #socket: WebSocket;
  readonly #listeners = new Set<() => void>();

  private constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.#socket.on("upgrade", (response) => Object.assign(this.upgradeHeaders, response.headers));
    this.#socket.on("message", (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as { type: string });
      for (const listener of this.#listeners) listener();
    });
  }

  static async connect(gatewayUrl: string, clientId: string, sessionId: string): Promise<V1Client> {
    const base = gatewayUrl.replace(/^http/, "ws");
    const client = new V1Client(`${base}/ws/chat/${encodeURIComponent(clientId)}/${encodeURIComponent(sessionId)}`);
    await once(client.#socket, "open");
    return client;
  }

  send(frame: unknown): void {
    this.#socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  }

  close(): void {
    this.#socket.close();
  }

  /** Resolves with the close code. */
  async closed(): Promise<number> {
    const [code] = (await once(this.#socket, "close")) as [number];
    return code;
  }

  /** The tokens of an answer so far. */
  tokens(correlationId?: unknown): V1Token[] {
    return this.frames
      .filter(({ type, correlation_id }) => type === "stream_token" && correlation_id === correlationId)
      .map(({ data }) => data as V1Token);
  }

  /** Waits until `find` finds something. */
  async until<T>(find: () => T | undefined, timeoutMs = 10_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => done(() => reject(new Error(`never came: ${JSON.stringify(this.frames)}`))),
        timeoutMs,
      );
      const look = (): void => {
        const found = find();
        if (found !== undefined) done(() => resolve(found));
      };
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        settle();
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** The token that ends an answer. */
  ending(correlationId?: unknown): Promise<V1Token> {
    return this.until(() => this.tokens(correlationId).find(({ type }) => type === "complete" || type === "error"));
  }

  frame(type: string): Promise<{ type: string; data?: unknown; correlation_id?: unknown }> {
    return this.until(() => this.frames.find((frame) => frame.type === type));
  }
}

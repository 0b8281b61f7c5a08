import { describe, expect, it } from "vitest";
import { provideClients } from "../test/clients.js";
import { accepted, completed, delta, started } from "../test/frames.js";
import type { ConnectionState, OrchestraClient } from "./index.js";

const { startGateway, connectTo, connectWith } = provideClients();

function untilState(client: OrchestraClient, status: ConnectionState["status"]): Promise<ConnectionState> {
  return new Promise((resolve) => {
    const remove = client.onState((state) => {
      if (state.status !== status) return;
      remove();
      resolve(state);
    });
  });
}

describe("ConnectionSupervisor", () => {
  it("resumes what was accepted and sends again what was not, naming the connection it replaces", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const running = client.chat({ text: "a", sessionId: "s1", turnId: "running" });
    const first = await gateway.nextConnection();
    await first.next("turn.start");
    first.send(accepted("running"), started("running"), delta("running", 1, 0, "abc"));
    await running[Symbol.asyncIterator]().next();
    const pending = client.chat({ text: "b", sessionId: "s1", turnId: "pending" });
    await first.next("turn.start");
    first.kill();

    const second = await gateway.nextConnection();
    expect(second.protocols).toContain(`replaces.${first.id}`);
    expect(await second.next("turn.resume")).toMatchObject({ turnId: "running", attempt: 1, position: 3 });
    expect(await second.next("turn.start")).toMatchObject({ turnId: "pending", input: { text: "b" } });
    second.send(delta("running", 1, 0, "abc"), delta("running", 1, 3, "def"), completed("running", 1, "abcdef"));
    second.send(accepted("pending"), completed("pending", 1, "done"));
    expect(await running.text).toBe("abcdef");
    expect(await pending.text).toBe("done");
  });

  it("sends the cancel again that a lost connection may have swallowed", async () => {
    const gateway = await startGateway();
    const turn = connectTo(gateway).chat({ text: "a", sessionId: "s1", turnId: "t" });
    const first = await gateway.nextConnection();
    await first.next("turn.start");
    first.send(accepted("t"));
    await turn.accepted;
    turn.cancel();
    first.kill();
    const second = await gateway.nextConnection();
    await second.next("turn.resume");
    expect(await second.next("turn.cancel")).toMatchObject({ turnId: "t", sessionId: "s1" });
  });

  it("goes to the next gateway when one is lost", async () => {
    const [one, two] = await Promise.all([startGateway(), startGateway()]);
    const client = connectTo(one, two);
    const turn = client.chat({ text: "a", sessionId: "s1", turnId: "t" });
    const first = await one.nextConnection();
    await first.next("turn.start");
    first.send(accepted("t"), started("t"), delta("t", 1, 0, "abc"));
    await turn[Symbol.asyncIterator]().next();
    await one.stop();
    const second = await two.nextConnection();
    expect(await second.next("turn.resume")).toMatchObject({ attempt: 1, position: 3 });
    second.send(delta("t", 1, 3, "d"), completed("t", 1, "abcd"));
    expect(await turn.text).toBe("abcd");
  });

  it("opens the next connection before it leaves a node that drains, and loses nothing meanwhile", async () => {
    const gateway = await startGateway();
    const turn = connectTo(gateway).chat({ text: "a", sessionId: "s1", turnId: "t" });
    const old = await gateway.nextConnection();
    await old.next("turn.start");
    old.send(accepted("t"), started("t"), { type: "drain", reconnectAfterMs: 20 }, delta("t", 1, 0, "ab"));
    const successor = await gateway.nextConnection();
    expect(successor.protocols).toContain(`replaces.${old.id}`);
    expect(await successor.next("turn.resume")).toMatchObject({ attempt: 1, position: 2 });
    expect(await old.closed).toBe(1000);
    successor.send(delta("t", 1, 2, "cd"), completed("t", 1, "abcd"));
    expect(await turn.text).toBe("abcd");
  });

  it.each([4001, 4002, 4003, 4005, 4006, 1011])("reconnects after close code %i", async (closeCode) => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    await client.connect();
    const waiting = untilState(client, "waiting");
    (await gateway.nextConnection()).close(closeCode);
    expect(await waiting).toMatchObject({ reason: { closeCode, retryable: true } });
    await gateway.nextConnection();
  });

  it.each([
    [4501, "invalid_request"],
    [4502, "unauthorized"],
    [4504, "too_large"],
    [4505, "forbidden"],
  ])("stops for good after close code %i and fails what runs with %s", async (closeCode, code) => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    const turn = client.chat("hello");
    (await gateway.nextConnection()).close(closeCode);
    await expect(turn.text).rejects.toMatchObject({ code, closeCode, retryable: false });
    expect(client.state).toMatchObject({ status: "closed", reason: { code } });
    await expect(client.chat("again").text).rejects.toMatchObject({ code });
    expect(gateway.connections).toHaveLength(1);
  });

  it("waits as long as the error before a close says", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    await client.connect();
    const waiting = untilState(client, "waiting");
    const connection = await gateway.nextConnection();
    const limit = { code: "connection_limit", message: "too many", retryable: true, retryAfterMs: 60_000 } as const;
    connection.send({ type: "error", ...limit });
    connection.close(4007);
    const state = await waiting;
    expect(state).toMatchObject({ reason: { code: "connection_limit", closeCode: 4007, retryAfterMs: 60_000 } });
    expect(state.status === "waiting" && state.retryInMs).toBeGreaterThanOrEqual(60_000);
  });

  it("obeys Retry-After of a node that refuses the upgrade because it is full", async () => {
    const gateway = await startGateway({ refuseUpgrade: () => ({ status: 503, headers: { "retry-after": "60" } }) });
    const client = connectTo(gateway);
    const waiting = untilState(client, "waiting");
    const turn = client.chat("hello");
    expect(await waiting).toMatchObject({ reason: { code: "unavailable", retryAfterMs: 60_000 } });
    client.close();
    await expect(turn.completed).rejects.toMatchObject({ code: "client_closed" });
  });

  it("stops when the upgrade is refused for the token", async () => {
    const gateway = await startGateway({ refuseUpgrade: () => ({ status: 401 }) });
    await expect(connectTo(gateway).connect()).rejects.toMatchObject({ code: "unauthorized", retryable: false });
  });

  it("gives up after as many failures in a row as it was told", async () => {
    const client = connectWith({ url: "http://127.0.0.1:1", reconnect: { baseDelayMs: 1, maxAttempts: 2 } });
    await expect(client.chat("hello").text).rejects.toMatchObject({ code: "unavailable", retryable: true });
    expect(client.state.status).toBe("closed");
  });

  it("leaves a server that accepts but never says hello", async () => {
    const gateway = await startGateway({ silent: true });
    const client = connectWith({ url: gateway.url, handshakeTimeoutMs: 30, reconnect: false });
    await expect(client.connect()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("notices a connection that fell silent and takes another", async () => {
    const gateway = await startGateway({ heartbeatMs: 20 });
    const client = connectWith({ url: gateway.url, pongTimeoutMs: 20, reconnect: { baseDelayMs: 1 } });
    await client.connect();
    await gateway.nextConnection();
    const lost = untilState(client, "waiting");
    client.onState(({ status }) => {
      if (status === "waiting") gateway.options.silent = false;
    });
    gateway.options.silent = true;
    expect(await lost).toMatchObject({ reason: { code: "unavailable", retryable: true } });
    await gateway.nextConnection();
  });

  it("drops a server that sends something that is no frame", async () => {
    const gateway = await startGateway();
    const client = connectTo(gateway);
    await client.connect();
    const waiting = untilState(client, "waiting");
    (await gateway.nextConnection()).sendText("{not json");
    expect(await waiting).toMatchObject({ reason: { code: "unavailable" } });
  });

  it("carries the token in the header, where the WebSocket can, and renews it before it ends", async () => {
    const gateway = await startGateway();
    let calls = 0;
    const token = async () => ({ token: `token-${(calls += 1)}`, expiresAt: Date.now() + 2_100 });
    await connectWith({ url: gateway.url, token }).connect();
    const connection = await gateway.nextConnection();
    expect(connection.authorization).toBe("Bearer token-1");
    expect(await connection.next("auth.refresh")).toEqual({ type: "auth.refresh", token: "token-2" });
  });

  it("carries the token as a subprotocol where it can set no header", async () => {
    const gateway = await startGateway();
    const { WebSocket: NodeWebSocket } = await import("ws");
    class BrowserWebSocket {
      readonly #socket: InstanceType<typeof NodeWebSocket>;
      constructor(url: string, protocols?: string[]) {
        this.#socket = new NodeWebSocket(url, protocols);
      }
      addEventListener(type: "message" | "close" | "error", listener: (event: never) => void): void {
        this.#socket.addEventListener(type as "message", listener as never);
      }
      send(data: string): void {
        this.#socket.send(data);
      }
      close(code?: number): void {
        this.#socket.close(code);
      }
    }
    await connectWith({ url: gateway.url, token: "a.b.c", webSocket: BrowserWebSocket }).connect();
    const connection = await gateway.nextConnection();
    expect(connection.protocols).toEqual(["orchestra.v2", "bearer.a.b.c"]);
    expect(connection.authorization).toBeUndefined();
  });

  it("asks the provider for another token, once, when one is refused", async () => {
    const gateway = await startGateway({
      refuseUpgrade: ({ headers }) => (headers.authorization === "Bearer good" ? undefined : { status: 401 }),
    });
    const tokens = ["stale", "good"];
    const reconnect = { baseDelayMs: 1 };
    await connectWith({ url: gateway.url, token: async () => tokens.shift() ?? "none", reconnect }).connect();
    const refused = connectWith({ url: gateway.url, token: async () => "bad", reconnect });
    await expect(refused.connect()).rejects.toMatchObject({ code: "unauthorized" });
  });
});

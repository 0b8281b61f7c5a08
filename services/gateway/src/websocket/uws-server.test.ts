import type { ServerFrame } from "@ai-orchestra/contracts";
import { eventually } from "@ai-orchestra/testkit";
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { HttpExchange } from "../http/http-exchange.js";
import { SseStream } from "../http/sse-stream.js";
import { resolveBackpressureLimits } from "./backpressure.js";
import { UwsServer } from "./uws-server.js";

let server: UwsServer;

function createServer(onRequest: (exchange: HttpExchange) => void): UwsServer {
  return new UwsServer({
    host: "127.0.0.1",
    port: 0,
    maxBodyBytes: 1_024,
    maxRequestsInFlight: 2,
    idleTimeoutSeconds: 30,
    backpressure: resolveBackpressureLimits({ maxBytes: 1_048_576 }),
    onRequest,
    onFramesWritten: () => undefined,
    onRequestRefused: () => undefined,
    findAddress: ({ peer }) => peer,
    tls: undefined,
  });
}

async function serve(onRequest: (exchange: HttpExchange) => void): Promise<string> {
  server = createServer(onRequest);
  await server.listen();
  return `http://127.0.0.1:${server.port}`;
}

afterEach(() => server.close());

const deltaAt = (position: number, text: string): ServerFrame => ({
  type: "turn.delta",
  turnId: "t",
  attempt: 1,
  from: position,
  to: position + text.length,
  text,
});

test("an event stream waits for a reader that pauses, and loses nothing", async () => {
  const text = "x".repeat(10_000);
  const total = 2_000;
  let sent = 0;
  let pauses = 0;
  const url = await serve((exchange) => {
    const fill = () => {
      while (sent < total) {
        sent += 1;
        if (events.send(deltaAt((sent - 1) * text.length, text))) continue;
        pauses += 1;
        return;
      }
      events.end();
    };
    const events = new SseStream({ exchange, headers: {}, onDrained: fill });
    fill();
  });
  const [response] = (await once(get(url), "response")) as [IncomingMessage];
  await eventually(() => expect(pauses).toBeGreaterThan(0));
  expect(sent).toBeLessThan(total);
  let received = "";
  for await (const chunk of response) received += String(chunk);
  expect(received.match(/^event: turn\.delta$/gm)).toHaveLength(total);
  expect(received).toContain(`id: 1.${total * text.length}\n`);
});

test("what waits for a reader leaves although nothing more is sent", async () => {
  const text = "x".repeat(100_000);
  let sent = 0;
  let drained = false;
  const url = await serve((exchange) => {
    const events = new SseStream({
      exchange,
      headers: {},
      onDrained: () => {
        drained = true;
      },
    });
    while (events.send(deltaAt(sent * text.length, text))) sent += 1;
    sent += 1;
  });
  const [response] = (await once(get(url), "response")) as [IncomingMessage];
  let received = "";
  response.on("data", (chunk: Buffer) => (received += chunk.toString()));
  await eventually(() => expect(received.match(/^event: turn\.delta$/gm)).toHaveLength(sent));
  await eventually(() => expect(received.endsWith("\n\n")).toBe(true));
  await eventually(() => expect(drained).toBe(true));
  response.destroy();
});

test("tells that a client went away, but not when it was the server that cut it off", async () => {
  const told: string[] = [];
  const url = await serve((exchange) => {
    const name = exchange.head.path.slice(1);
    exchange.onClientGone(() => told.push(`${name} gone`));
    exchange.onDone(() => told.push(`${name} done`));
    if (name === "cut") exchange.cut();
  });
  await expect(fetch(`${url}/cut`)).rejects.toThrow();
  const leaving = new AbortController();
  const request = fetch(`${url}/left`, { signal: leaving.signal });
  await eventually(() => expect(server.exchangesInFlight).toBe(1));
  leaving.abort();
  await expect(request).rejects.toThrow();
  await eventually(() => expect(told).toEqual(["cut done", "left done", "left gone"]));
});

test("a WebSocket that is accepted late gets its first message, and stays open", async () => {
  server = createServer(() => undefined);
  server.addRoute({
    pattern: "/ws",
    maxMessageBytes: 1_024,
    checkRoom: () => undefined,
    accept: async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { subprotocol: undefined, headers: { "x-extra": "1" }, admission: undefined };
    },
    open: (socket) => {
      socket.send("hello");
      return {
        text: (message) => socket.send(message),
        binary: () => undefined,
        oversized: () => undefined,
        drained: () => undefined,
        tooSlow: () => undefined,
        closed: () => undefined,
      };
    },
    abandon: () => undefined,
  });
  await server.listen();
  for (let round = 0; round < 300; round += 1) {
    const client = new WebSocket(`ws://127.0.0.1:${server.port}/ws`);
    const messages: string[] = [];
    client.on("message", (data: Buffer) => {
      messages.push(data.toString());
      if (messages.length === 1) client.send("echo");
      else client.terminate();
    });
    const [upgrade] = (await once(client, "upgrade")) as [IncomingMessage];
    expect(upgrade.headers["x-extra"]).toBe("1");
    await once(client, "close");
    expect(messages).toEqual(["hello", "echo"]);
  }
});

test("answers once, and ignores what comes after", async () => {
  const url = await serve((exchange) => {
    exchange.respond({ status: "200 OK", headers: {}, body: "first" });
    exchange.respond({ status: "500 No", headers: {}, body: "second" });
    exchange.openStream({ status: "200 OK", headers: {} }).write("third");
    exchange.cut();
  });
  expect(await (await fetch(url)).text()).toBe("first");
});

test("refuses requests past its limit, and all once it takes no new ones", async () => {
  const waiting: HttpExchange[] = [];
  const url = await serve((exchange) => waiting.push(exchange));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const held = [fetch(url), fetch(url)];
  await eventually(() => expect(waiting).toHaveLength(2));
  const full = await fetch(url);
  expect([full.status, await full.json()]).toMatchObject([503, { error: { code: "overloaded" } }]);
  for (const exchange of waiting.splice(0)) exchange.respond({ status: "200 OK", headers: {}, body: "" });
  await Promise.all(held);

  const first = once(get(url, { agent }), "response");
  await eventually(() => expect(waiting).toHaveLength(1));
  waiting[0]?.respond({ status: "200 OK", headers: {}, body: "" });
  const [answered] = (await first) as [IncomingMessage];
  answered.resume();
  await once(answered, "end");
  server.stopListening();
  const [refused] = (await once(get(url, { agent }), "response")) as [IncomingMessage];
  expect(refused.statusCode).toBe(503);
  refused.resume();
  agent.destroy();
});

test("refuses a port that is taken, naming the setting", async () => {
  await serve(() => undefined);
  const second = new UwsServer({
    host: "127.0.0.1",
    port: server.port ?? 0,
    maxBodyBytes: 1,
    maxRequestsInFlight: 1,
    idleTimeoutSeconds: 30,
    backpressure: resolveBackpressureLimits({ maxBytes: 1_048_576 }),
    onRequest: () => undefined,
    onFramesWritten: () => undefined,
    onRequestRefused: () => undefined,
    findAddress: ({ peer }) => peer,
    tls: undefined,
  });
  await expect(second.listen()).rejects.toMatchObject({ code: "unavailable", message: /GATEWAY_PORT/ });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answerHello, startTestBed, type TestBed } from "./support/test-bed.js";
import { bearer, SECRET, signToken } from "./support/tokens.js";
import { readUpgradeStatus } from "./support/upgrade-status.js";
import { V2Client } from "./support/v2-client.js";

const PER_MINUTE = 30;
let bed: TestBed;

beforeAll(async () => {
  bed = await startTestBed(answerHello, { AUTH_JWT_SECRET: SECRET, GATEWAY_MESSAGES_PER_MINUTE: String(PER_MINUTE) });
});

afterAll(() => bed.stop());

const connect = async (clientId: string) =>
  V2Client.connect(bed.gateway.url, { headers: bearer(await signToken({ sub: clientId })) });

const pings = (client: V2Client, count: number) => {
  for (let index = 0; index < count; index += 1) client.send({ type: "ping" });
};

describe("messages of a client", () => {
  test("are refused past its rate with the time to wait, over all its connections, and others are not", async () => {
    const [one, two, other] = [await connect("alice"), await connect("alice"), await connect("bob")];
    expect((await one.receive("hello")).limits.messagesPerMinute).toBe(PER_MINUTE);
    pings(one, PER_MINUTE - 1);
    pings(two, 1);
    await two.receive("pong");
    one.send({ type: "turn.start", turnId: "too-much", input: { text: "hello" } });
    const refused = await one.receive("error");
    expect(refused).toMatchObject({ code: "rate_limited", retryable: true, turnId: "too-much" });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(60_000 / PER_MINUTE);

    const response = await fetch(`${bed.gateway.url}/v2/turns/t1/cancel`, {
      method: "POST",
      headers: bearer(await signToken({ sub: "alice" })),
    });
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toMatchObject({ error: { code: "rate_limited" } });

    other.send({ type: "ping" });
    await other.receive("pong");
    await bed.gateway.waitForMetric(/gateway_limit_refusals_total\{limit="messages"[^}]*\} [1-9]/);
    for (const client of [one, two, other]) client.close();
  });

  test("are taken again after the time that was named", async () => {
    const client = await connect("carol");
    pings(client, PER_MINUTE + 1);
    const { retryAfterMs } = await client.receive("error");
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    client.send({ type: "ping", nonce: "again" });
    await client.receive("pong", ({ nonce }) => nonce === "again");
    client.close();
  });

  test("close the connection with 4005 when they do not stop", async () => {
    const client = await connect("mallory");
    pings(client, 3 * PER_MINUTE);
    expect(await client.closed).toMatchObject({ code: 4005 });
    const refusals = client.frames.filter(({ type }) => type === "error");
    expect(refusals.length).toBeGreaterThanOrEqual(PER_MINUTE);
  });
});

test("without authentication no client is held to a rate or a number of connections", async () => {
  const open = await bed.addGateway({ GATEWAY_MESSAGES_PER_MINUTE: "1", GATEWAY_MAX_CONNECTIONS_PER_CLIENT: "1" });
  const clients = await Promise.all(Array.from({ length: 8 }, () => V2Client.connect(open.url)));
  for (const client of clients) {
    pings(client, 10);
    client.send({ type: "ping", nonce: "last" });
    await client.receive("pong", ({ nonce }) => nonce === "last");
    expect(client.frames.filter(({ type }) => type === "error")).toEqual([]);
    client.close();
  }
});

test("more new connections in a second than a node takes are answered 503", async () => {
  const slow = await bed.addGateway({ GATEWAY_MAX_NEW_CONNECTIONS_PER_SECOND: "2" });
  const statuses = await Promise.all(Array.from({ length: 6 }, () => readUpgradeStatus(`${slow.url}/ws`)));
  expect(statuses.filter((status) => status === 101).length).toBeLessThanOrEqual(3);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThanOrEqual(3);
  await slow.waitForMetric(/gateway_limit_refusals_total\{limit="new_connections"[^}]*\} [3-9]/);
});

test("a connection that says nothing is closed with 4003, one with a turn in flight is not", async () => {
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  bed.orchestrator.script = async (turn) => {
    turn.started();
    await finished;
    turn.delta("late");
  };
  const gateway = await bed.addGateway({ GATEWAY_IDLE_TIMEOUT_MS: "1500" });
  const busy = await V2Client.connect(gateway.url);
  busy.send({ type: "turn.start", turnId: "long", input: { text: "take your time" } });
  await busy.receive("turn.started");
  const idle = await V2Client.connect(gateway.url);
  expect(await idle.closed).toMatchObject({ code: 4003 });
  finish();
  await busy.receive("turn.completed");
  expect(await busy.closed).toMatchObject({ code: 4003 });
});

test("a connection at the end of its lifetime is told to drain and then closed with 4001", async () => {
  const gateway = await bed.addGateway({ GATEWAY_MAX_CONNECTION_AGE_MS: "1000" });
  const client = await V2Client.connect(gateway.url);
  expect(await client.receive("drain")).toMatchObject({ reconnectAfterMs: 0 });
  expect(await client.closed).toMatchObject({ code: 4001 });
});

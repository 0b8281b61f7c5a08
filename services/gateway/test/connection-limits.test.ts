import { eventually } from "@ai-orchestra/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEdge, type Edge } from "./support/start-edge.js";
import { bearer, signToken } from "./support/tokens.js";
import { V2Client } from "./support/v2-client.js";

const LIMIT = 3;
const LEASE_ENDS_WITHIN_MS = 15_000;
let edge: Edge;

beforeAll(async () => {
  edge = await startEdge({
    gateways: 2,
    env: { GATEWAY_MAX_CONNECTIONS_PER_CLIENT: String(LIMIT) },
  });
});

afterAll(() => edge.stop());

/** Connects as a client; `hello` or the refusal has come. */
async function connect(clientId: string, gateway: number, replaces?: string): Promise<V2Client> {
  const protocols = ["orchestra.v2", ...(replaces === undefined ? [] : [`replaces.${replaces}`])];
  const headers = bearer(await signToken({ sub: clientId }));
  const client = await V2Client.connect(edge.gateway(gateway).url, { protocols, headers });
  await Promise.race([client.receive("hello"), client.receive("error")]);
  return client;
}

const isIn = (client: V2Client): boolean => client.frames[0]?.type === "hello";

async function connectionIdOf(client: V2Client): Promise<string> {
  return (await client.receive("hello")).connectionId;
}

/** As many connections as a client may have, on both gateways in turn. */
async function fill(clientId: string): Promise<V2Client[]> {
  const clients: V2Client[] = [];
  for (let index = 0; index < LIMIT; index += 1) clients.push(await connect(clientId, index % 2));
  expect(clients.map(isIn)).toEqual(Array.from({ length: LIMIT }, () => true));
  return clients;
}

async function closeAll(clients: readonly V2Client[]): Promise<void> {
  for (const client of clients) client.close();
  await Promise.all(clients.map((client) => client.closed));
}

describe("a client's connections over two gateways", () => {
  test("are as many as its limit; the next is told when to come back, and closed with 4007", async () => {
    const clients = await fill("alice");
    for (const gateway of [0, 1]) {
      const refused = await connect("alice", gateway);
      expect(await refused.receive("error")).toMatchObject({ code: "connection_limit", retryable: true });
      expect((await refused.receive("error")).retryAfterMs).toBeGreaterThan(0);
      expect(await refused.closed).toMatchObject({ code: 4007 });
    }
    const bob = await connect("bob", 0);
    expect(isIn(bob)).toBe(true);
    await closeAll([...clients, bob]);
  });

  test("make room for another as soon as one is closed", async () => {
    const clients = await fill("carol");
    clients.pop()?.close();
    clients.push(
      await eventually(async () => {
        const client = await connect("carol", 1);
        if (!isIn(client)) throw new Error("no room");
        return client;
      }),
    );
    await closeAll(clients);
  });

  test("are never more, however many ask at once", async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, (_, index) => connect("dora", index % 2)));
    expect(clients.filter(isIn)).toHaveLength(LIMIT);
    await closeAll(clients);
  });

  test("pass a place on to the one that follows, on another gateway too; the one before is closed", async () => {
    const clients = await fill("eve");
    const [first] = clients;
    if (first === undefined) throw new Error("no connection");
    const follower = await connect("eve", 1, await connectionIdOf(first));
    expect(isIn(follower)).toBe(true);
    expect(isIn(await connect("eve", 1))).toBe(false);
    expect(await first.closed).toMatchObject({ code: 4007 });
    await closeAll([...clients, follower]);
  });

  test("do not pass a place on to another client", async () => {
    const [victim, ...others] = await fill("frank");
    if (victim === undefined) throw new Error("no connection");
    const full = await fill("mallory");
    expect(isIn(await connect("mallory", 0, await connectionIdOf(victim)))).toBe(false);
    victim.send({ type: "ping", nonce: "here" });
    await victim.receive("pong");
    await closeAll([victim, ...others, ...full]);
  });

  test("are counted by each gateway alone while memory is away, and together again when it is back", async () => {
    const before = await connect("grace", 0);
    expect(isIn(before)).toBe(true);
    edge.stack.service("memory").kill("SIGKILL");
    await edge.stack.service("memory").waitExit();
    const local = [before, await connect("grace", 0), await connect("grace", 0), await connect("grace", 1)];
    expect(local.map(isIn)).toEqual([true, true, true, true]);
    const refused = await connect("grace", 0);
    expect(await refused.receive("error")).toMatchObject({ code: "connection_limit", retryable: true });

    await edge.stack.service("memory").start();
    const tooMany = await eventually(
      async () => {
        const client = await connect("grace", 1);
        if (!isIn(client)) return client;
        client.close();
        await client.closed;
        throw new Error("memory does not count yet");
      },
      { timeoutMs: 20_000, intervalMs: 200 },
    );
    expect(await tooMany.closed).toMatchObject({ code: 4007 });
    for (const client of local) client.send({ type: "ping" });
    await Promise.all(local.map((client) => client.receive("pong")));
    await closeAll(local);
  });

  test("are free again 15 s after a gateway was killed, and at once for who names the one before", async () => {
    const clients = await Promise.all([connect("heidi", 1), connect("heidi", 1), connect("heidi", 1)]);
    expect(clients.map(isIn)).toEqual([true, true, true]);
    const [lost] = clients;
    if (lost === undefined) throw new Error("no connection");
    const lostId = await connectionIdOf(lost);
    edge.gateway(1).kill("SIGKILL");
    const killedAt = Date.now();
    await Promise.all(clients.map((client) => client.closed));
    expect(isIn(await connect("heidi", 0))).toBe(false);
    const follower = await connect("heidi", 0, lostId);
    expect(isIn(follower)).toBe(true);
    const survivors = [follower];
    await eventually(
      async () => {
        const client = await connect("heidi", 0);
        if (!isIn(client)) throw new Error("still counted");
        survivors.push(client);
      },
      { timeoutMs: 2 * LEASE_ENDS_WITHIN_MS, intervalMs: 250 },
    );
    expect(Date.now() - killedAt).toBeLessThan(LEASE_ENDS_WITHIN_MS);
    await closeAll(survivors);
  });
});
